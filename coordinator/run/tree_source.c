#include "tree_source.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

/* Where a package of Debian's puts what it has the name of. */
static const char PACKAGED[] = "/usr/src";

/* A file without a name: gone with this process, however that ends. */
static int make_nameless(struct err *e)
{
    const char *temporary = getenv("TMPDIR");
    int fd = open(temporary && *temporary == '/' ? temporary : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        err_errno(e, errno, "no room to pack a tree in TMPDIR or /var/tmp");
    return fd;
}

/* The directory as an archive; the same tree gives the same bytes. */
static bool pack(const char *directory, int *fd, struct err *e)
{
    const char *const argv[] = { "tar",
                                 "-c",
                                 "-C",
                                 directory,
                                 "--sort=name",
                                 "--mtime=@1",
                                 "--owner=0",
                                 "--group=0",
                                 "--numeric-owner",
                                 "--mode=u+rw,go-w,a+rX",
                                 "--format=gnu",
                                 "--exclude-vcs",
                                 "--use-compress-program=gzip -1n",
                                 ".",
                                 NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0, to = make_nameless(e);
    if (to < 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
    int failure = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ); /* which only reads it */
    posix_spawn_file_actions_destroy(&actions);
    while (failure == 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (failure == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        *fd = to;
        return true;
    }
    close(to);
    return failure ? err_errno(e, failure, "cannot start tar")
                   : err_set(e, ERR_USAGE, "'%.200s' cannot be packed, as tar says above", directory);
}

/* What a package without a version of its own depends on, as linux-source on linux-source-6.1. */
static bool find_newest(const char *package, char *path, size_t size, struct stat *st)
{
    char pattern[PATH_MAX];
    glob_t found = { .gl_pathc = 0 };
    const char *newest = NULL;
    snprintf(pattern, sizeof pattern, "%s/%s-[0-9]*.tar.xz", PACKAGED, package);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (!newest || strverscmp(found.gl_pathv[i], newest) > 0)
                newest = found.gl_pathv[i];
    const bool is_there = newest && stat(newest, st) == 0 && text_copy(path, size, newest);
    globfree(&found);
    return is_there;
}

/* What `text` names. */
static bool find(const char *text, char *path, size_t size, struct stat *st, struct err *e)
{
    if (stat(text, st) == 0)
        return text_copy(path, size, text) || err_set(e, ERR_USAGE, "the path is too long");
    int reason = errno;
    if (strchr(text, '/') || !text_is_name(text))
        return err_set(e, ERR_USAGE, "%s", strerror(reason));
    snprintf(path, size, "%s/%s.tar.xz", PACKAGED, text);
    return stat(path, st) == 0 || find_newest(text, path, size, st) ||
           err_set(e, ERR_USAGE,
                   "there is no such directory, and no %s/%s*.tar.xz: `apt-get install %s`, if that is "
                   "its package",
                   PACKAGED, text, text);
}

bool tree_source_is_there(const char *text, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    return find(text, path, sizeof path, &st, e) || err_wrap(e, "source %.200s", text);
}

static bool take_hash(struct tree_source *s, struct err *e)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return err_errno(e, errno, "cannot be read");
    s->size = st.st_size;
    if (s->size == 0)
        return err_set(e, ERR_USAGE, "it is empty");
    return tree_hash_file(s->fd, s->size, s->hash, e);
}

bool tree_source_open(const char *text, struct tree_source *source, struct err *e)
{
    struct tree_source s = { .fd = -1 };
    char path[PATH_MAX];
    struct stat st;
    text_copy(s.text, sizeof s.text, text);
    bool ok = find(text, path, sizeof path, &st, e);
    if (ok && S_ISDIR(st.st_mode))
        ok = pack(path, &s.fd, e);
    else if (ok && !S_ISREG(st.st_mode))
        ok = err_set(e, ERR_USAGE, "neither a file nor a directory");
    else if (ok)
        ok = (s.fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0 || err_errno(e, errno, "cannot be read");
    ok = ok && take_hash(&s, e);
    if (!ok) {
        tree_source_close(&s);
        return err_wrap(e, "source %.200s", text);
    }
    *source = s;
    return true;
}

void tree_source_close(struct tree_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

bool tree_source_read(const struct tree_source *s, int64_t offset, void *bytes, size_t size, struct err *e)
{
    ssize_t got = pread(s->fd, bytes, size, offset);
    return got == (ssize_t)size ||
           err_errno(e, got < 0 ? errno : EIO, "source %.200s: it was changed meanwhile", s->text);
}
