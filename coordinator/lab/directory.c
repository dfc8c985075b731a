#include "lab/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/runtime_dir.h"
#include "base/text.h"

/* All that stands in a lab's directory: nothing else is ever removed. */
static const char *const FILES[] = {
    "record", "record.new", "keys.db", "keys.db-journal", "keys.db-wal", "keys.db-shm",
    LAB_LOG,  "control",    "passwd",  "group",           "lifted",
};

/* Whole directories: the libvirt of each host. */
static const char *const DIRECTORIES[] = { LAB_LIBVIRT };

/* Of each node; the last is what invite_write leaves when it is killed. */
static const char *const OF_NODES[] = { "*.log", "*.invite", "*.invite.??????" };

static const char PREFIX[] = "lab-";

bool lab_directory_path(const char *name, char *path, size_t size, struct err *e)
{
    char base[LAB_PATH];
    if (!text_is_name(name))
        return err_set(e, ERR_USAGE, "'%s' is no name for a lab: letters, digits, '-', '_' and '.', 63 at most", name);
    if (!runtime_dir_get(base, sizeof base, e))
        return false;
    path[0] = '\0';
    if (!text_append(path, size, "%s/%s%s", base, PREFIX, name))
        return err_set(e, ERR_USAGE, "the path of lab '%s' is too long", name);
    return true;
}

int lab_directory_lock(struct err *e)
{
    char base[LAB_PATH];
    if (!runtime_dir_get(base, sizeof base, e))
        return -1;
    int lock = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (lock >= 0 && flock(lock, LOCK_EX) == 0)
        return lock;
    err_errno(e, errno, "cannot lock '%s'", base);
    if (lock >= 0)
        close(lock);
    return -1;
}

void lab_directory_unlock(int lock)
{
    if (lock < 0)
        return;
    flock(lock, LOCK_UN); /* also where a forked process still has it open */
    close(lock);
}

bool lab_directory_make(const char *path, struct err *e)
{
    if (mkdir(path, 0700) != 0)
        return err_errno(e, errno, "cannot make '%s'", path);
    return true;
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++)
        if (strcmp(name, FILES[i]) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(OF_NODES); i++)
        if (fnmatch(OF_NODES[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}

static bool clear_directories(const char *path, struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(DIRECTORIES); i++) {
        char directory[LAB_PATH] = "";
        if (text_append(directory, sizeof directory, "%s/%s", path, DIRECTORIES[i]) &&
            !directory_remove_all(directory, e))
            return false;
    }
    return true;
}

bool lab_directory_clear(const char *path, struct err *e)
{
    char left[256] = "";
    if (!clear_directories(path, e))
        return false;
    DIR *dir = opendir(path);
    if (!dir)
        return errno == ENOENT || err_errno(e, errno, "cannot read '%s'", path);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!is_ours(entry->d_name) || unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            text_copy(left, sizeof left, entry->d_name);
    }
    closedir(dir);
    if (left[0] != '\0')
        return err_set(e, ERR_USAGE, "'%s' holds '%s', which is not the lab's: move it away and try again", path, left);
    if (rmdir(path) != 0)
        return err_errno(e, errno, "cannot remove '%s'", path);
    return true;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

bool lab_list(struct lab_names *names, struct err *e)
{
    char base[LAB_PATH];
    if (!runtime_dir_get(base, sizeof base, e))
        return false;
    DIR *dir = opendir(base);
    if (!dir)
        return err_errno(e, errno, "cannot read '%s'", base);
    struct lab_names found = { 0 };
    for (struct dirent *entry; found.count < LAB_MOST && (entry = readdir(dir));) {
        const char *name = entry->d_name + strlen(PREFIX);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && text_is_name(name) &&
            text_copy(found.names[found.count], LAB_NAME, name))
            found.count++;
    }
    closedir(dir);
    qsort(found.names, found.count, LAB_NAME, by_name);
    *names = found;
    return true;
}
