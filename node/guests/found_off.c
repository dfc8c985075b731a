#include "found_off.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/path_lock.h"
#include "base/runtime_dir.h"
#include "base/text.h"
#include "wire/tree.h"

enum { SUM = 8, TEXT = PATH_MAX + DOMAIN_NAME + 2 };

static const char BEGINNING[] = "found-off-";

/* The file says "DOMAIN\nURI". Its name is no more than a hash: both may hold what no file's name may. */
static bool write_text(char *text, size_t size, const char *uri, const char *domain)
{
    text[0] = '\0';
    return text_append(text, size, "%s\n%s", domain, uri);
}

bool found_off_note(const char *uri, const char *domain, struct found_off *note, struct err *e)
{
    char directory[PATH_MAX], text[TEXT], name[2 * SUM + 1] = "";
    unsigned char sum[SUM * 2]; /* the hash's least size */
    struct found_off made = { .lock_fd = -1 };
    if (!runtime_dir_get(directory, sizeof directory, e))
        return false;
    if (!write_text(text, sizeof text, uri, domain))
        return err_set(e, ERR_USAGE, "domain '%.64s': its connection's address is too long", domain);
    tree_hash(text, strlen(text), sum, sizeof sum);
    for (size_t i = 0; i < SUM; i++)
        text_append(name, sizeof name, "%02x", sum[i]);
    made.path[0] = '\0';
    if (!text_append(made.path, sizeof made.path, "%s/%s%s", directory, BEGINNING, name))
        return err_set(e, ERR_USAGE, "the path '%.200s...' is too long", directory);
    made.lock_fd = path_lock_try(made.path, O_RDWR | O_CREAT);
    if (made.lock_fd < 0 && errno == EWOULDBLOCK)
        return err_set(e, ERR_USAGE, "domain '%s' is in use: another agent has started it", domain);
    const size_t length = strlen(text);
    if (made.lock_fd < 0 || ftruncate(made.lock_fd, 0) != 0 ||
        pwrite(made.lock_fd, text, length, 0) != (ssize_t)length) {
        err_errno(e, errno, "cannot note in '%s' that domain '%s' was off", made.path, domain);
        found_off_forget(&made);
        return false;
    }
    *note = made;
    return true;
}

void found_off_forget(struct found_off *note)
{
    if (note->lock_fd < 0)
        return;
    (void)unlink(note->path);
    found_off_leave(note);
}

void found_off_leave(struct found_off *note)
{
    if (note->lock_fd >= 0)
        close(note->lock_fd);
    note->lock_fd = -1;
}

/* Whether the note that is held is of this connection; then whose. */
static bool is_of(int fd, const char *uri, char domain[DOMAIN_NAME])
{
    char text[TEXT];
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    char *end = strchr(text, '\n');
    if (!end || strcmp(end + 1, uri) != 0)
        return false;
    *end = '\0';
    return *text && text_copy(domain, DOMAIN_NAME, text);
}

bool found_off_take(const char *uri, char domain[DOMAIN_NAME], struct found_off *note)
{
    char directory[PATH_MAX];
    bool found = false;
    DIR *dir = runtime_dir_get(directory, sizeof directory, NULL) ? opendir(directory) : NULL;
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        struct found_off one = { .lock_fd = -1 };
        if (strncmp(entry->d_name, BEGINNING, strlen(BEGINNING)) != 0 ||
            !text_append(one.path, sizeof one.path, "%s/%s", directory, entry->d_name) ||
            (one.lock_fd = path_lock_try(one.path, O_RDWR)) < 0)
            continue;
        found = is_of(one.lock_fd, uri, domain);
        if (found)
            *note = one;
        else
            found_off_leave(&one);
    }
    if (dir)
        closedir(dir);
    return found;
}
