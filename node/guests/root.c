#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/directory.h"
#include "base/text.h"
#include "guests/errand.h"
#include "guests/still.h"

enum { MAKE_MS = 900 * 1000, LOCK_MS = 1000 * 1000, LOOK_MS = 100 };

/* Where this machine has its packages from, so that what works for it works here. */
static const char *const SOURCES[] = { "/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources" };

static bool install(const char *into, int cancel_fd, struct err *e)
{
    static const char INCLUDED[] = "--include=" ROOT_PACKAGES;
    const char *argv[16] = { "mmdebstrap", "--quiet", "--variant=minbase", INCLUDED };
    char said[4096];
    size_t count = 4, found = 0;
    argv[count++] = "";
    argv[count++] = into;
    for (size_t i = 0; i < ARRAY_SIZE(SOURCES); i++)
        if (access(SOURCES[i], R_OK) == 0) {
            argv[count++] = SOURCES[i];
            found++;
        }
    if (found == 0)
        return err_set(e, ERR_USAGE, "neither %s nor %s says where packages come from", SOURCES[0], SOURCES[1]);
    return errand_run(&(struct errand){ argv, "/", clock_ms(MAKE_MS), cancel_fd }, said, sizeof said, e) ||
           err_wrap(e, "a system for guests to build in, which needs the package mmdebstrap and, as a rule, root");
}

/* Whole or not at all. */
static bool make_tree(const struct root_tree *root, int cancel_fd, struct err *e)
{
    char fresh[PATH_MAX + 8];
    snprintf(fresh, sizeof fresh, "%s.new", root->tree);
    bool ok = directory_remove_all(fresh, e) && install(fresh, cancel_fd, e) &&
              (rename(fresh, root->tree) == 0 || err_errno(e, errno, "cannot keep '%s'", root->tree));
    (void)!directory_remove_all(fresh, NULL); /* else the next one does */
    return ok;
}

static int lock(const struct root_tree *root, int cancel_fd, struct err *e)
{
    const int64_t deadline = clock_mono_ns() + clock_ms(LOCK_MS);
    if (!directory_make_all(root->place, 0755, e))
        return -1;
    int fd = open(root->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        struct pollfd cancelled = { .fd = cancel_fd, .events = POLLIN };
        if (errno != EWOULDBLOCK || clock_mono_ns() >= deadline || poll(&cancelled, 1, LOOK_MS) > 0) {
            err_set(e, ERR_PARTIAL, "'%s' is locked by another agent that makes it", root->place);
            close(fd);
            return -1;
        }
    }
    if (fd < 0)
        err_errno(e, errno, "cannot open '%s'", root->place);
    return fd;
}

bool root_make(const struct root_order *order, struct root_tree *root, struct err *e)
{
    if (!root_tree_of(root, e))
        return false;
    int fd = lock(root, order->cancel_fd, e);
    if (fd < 0)
        return false;
    bool ok = true;
    if (!root_tree_is_there(root)) {
        order->tell(order->context, "making a system with a compiler for guests, which takes a minute, once");
        ok = make_tree(root, order->cancel_fd, e);
    }
    if (ok && access(root->disk, R_OK) != 0) {
        order->tell(order->context, "making a disk of it");
        ok = still_make(root->tree, root->disk, order->cancel_fd, e);
    }
    close(fd);
    return ok;
}
