#include "lab/forbidden.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* A setting that forbids a lab, the value that does, and the one that allows it. `user_only`: it
 * says nothing to root. */
static const struct {
    const char *path, *name, *forbids, *allows;
    bool user_only;
} SETTINGS[] = {
    { "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0", "10000", true },
    { "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0", "1", true },
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns", "1",
      "0", true },
    { "/proc/sys/user/max_net_namespaces", "user.max_net_namespaces", "0", "10000", false },
    { "/proc/sys/user/max_pid_namespaces", "user.max_pid_namespaces", "0", "10000", false },
    { "/proc/sys/user/max_mnt_namespaces", "user.max_mnt_namespaces", "0", "10000", false },
    { "/proc/sys/user/max_time_namespaces", "user.max_time_namespaces", "0", "10000", false },
};

static bool reads(const char *path, const char *value)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return strcmp(text, value) == 0;
}

bool lab_forbidden(struct err *e, int errno_value, const char *what, enum lab_way way)
{
    bool is_user = way == LAB_WAY_USER;
    for (size_t i = 0; i < ARRAY_SIZE(SETTINGS); i++)
        if ((is_user || !SETTINGS[i].user_only) && reads(SETTINGS[i].path, SETTINGS[i].forbids))
            return err_set(e, ERR_USAGE, "cannot make %s: %s is %s here; as root `sysctl %s=%s` allows it%s", what,
                           SETTINGS[i].name, SETTINGS[i].forbids, SETTINGS[i].name, SETTINGS[i].allows,
                           is_user ? ", or run tare as root" : "");
    const char *advice = errno_value == ENOSPC ? "too many namespaces: end other labs or raise the user.max_* settings"
                         : errno_value == EPERM && is_user
                             ? "run tare as root; inside a container, one that may make namespaces (--privileged)"
                         : errno_value == EPERM  ? "inside a container, start it with --privileged"
                         : errno_value == EINVAL ? "this kernel is built without it"
                                                 : "no setting is known that would allow it";
    err_errno(e, errno_value, "cannot make %s (%s)", what, advice);
    if (e)
        e->exit = ERR_USAGE;
    return false;
}
