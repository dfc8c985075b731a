#include "runtime_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

static bool is_our_directory(const char *path)
{
    struct stat st;
    return path && path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static bool check(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return err_errno(e, errno, "'%s'", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, "'%s' is no directory: remove it, or set XDG_RUNTIME_DIR to a directory of yours",
                       path);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_USAGE, "'%s' belongs to uid %u: set XDG_RUNTIME_DIR to a directory of yours", path,
                       st.st_uid);
    if ((st.st_mode & 077) != 0)
        return err_set(e, ERR_USAGE, "'%s' is open to others (mode %03o): `chmod 700 %s` if you trust what is in it",
                       path, st.st_mode & 0777, path);
    return true;
}

bool runtime_dir_get(char *path, size_t size, struct err *e)
{
    char wanted[256] = "";
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *temporary = getenv("TMPDIR");
    bool fits = is_our_directory(runtime)
                    ? text_append(wanted, sizeof wanted, "%s/tare", runtime)
                    : text_append(wanted, sizeof wanted, "%s/tare-%u",
                                  temporary && temporary[0] == '/' ? temporary : "/tmp", geteuid());
    if (!fits)
        return err_set(e, ERR_USAGE, "the path in XDG_RUNTIME_DIR or TMPDIR is too long");
    if (mkdir(wanted, 0700) != 0 && errno != EEXIST)
        return err_errno(e, errno, "cannot make '%s'", wanted);
    if (!check(wanted, e))
        return false;
    if (!text_copy(path, size, wanted))
        return err_set(e, ERR_USAGE, "the path '%s' is too long", wanted);
    return true;
}
