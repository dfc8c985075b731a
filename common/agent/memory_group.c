#include "memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/path_lock.h"
#include "base/text.h"
#include "base/units.h"

enum { SLOTS = 64, EMPTIED_MS = 1000, LOOK_MS = 10 };

static bool lists_memory(const char *path, const char *name) { return cgroup_lists(path, name, "memory"); }

static bool find_place(const char *root, struct cgroup_place *place)
{
    return cgroup_place_v1(root, "self", "memory", place) ||
           (cgroup_place_v2(root, "self", place) && lists_memory(place->mount, "/cgroup.controllers"));
}

/* ---- one group ---- */

static bool put(const char *path, const char *name, const char *text)
{
    char full[PATH_MAX] = "";
    if (!text_append(full, sizeof full, "%s/%s", path, name))
        return false;
    int fd = open(full, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return ok;
}

static bool has(const char *path, const char *name)
{
    char full[PATH_MAX] = "";
    return text_append(full, sizeof full, "%s/%s", path, name) && access(full, F_OK) == 0;
}

static bool lock(struct memory_group *g) { return (g->lock_fd = path_lock_try(g->path, O_RDONLY | O_DIRECTORY)) >= 0; }

/* Processes that were killed are in it until they are gone; what stays, the next look removes. */
static void give_back(struct memory_group *g)
{
    int64_t until = clock_mono_ns() + clock_ms(EMPTIED_MS);
    while (rmdir(g->path) != 0 && errno == EBUSY && clock_mono_ns() < until)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(LOOK_MS));
    close(g->lock_fd);
    g->lock_fd = -1;
}

static bool name_slot(const char *parent, int slot, struct memory_group *g)
{
    *g = (struct memory_group){ .lock_fd = -1 };
    return text_append(g->path, sizeof g->path, "%s/tare-%u-%d", parent, geteuid(), slot);
}

static void tidy(const char *parent)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        struct memory_group g;
        if (name_slot(parent, slot, &g) && lock(&g))
            give_back(&g);
    }
}

static bool set_limit(const struct cgroup_place *place, const struct memory_group *g, int64_t bytes, struct err *e)
{
    const char *limit = place->is_v2 ? "memory.max" : "memory.limit_in_bytes";
    const char *swap = place->is_v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"; /* the second counts both */
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, bytes);
    return (put(g->path, limit, text) && (!has(g->path, swap) || put(g->path, swap, place->is_v2 ? "0" : text))) ||
           err_errno(e, errno, "%s: its memory cannot be limited", g->path);
}

/* ---- the groups above ---- */

/* One level up; false at the mount. */
static bool go_up(const struct cgroup_place *place, char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || strlen(path) <= strlen(place->mount))
        return false;
    *slash = '\0';
    return true;
}

/* The group below which one with a limit can be made. In version 2 a group has either processes or groups that divide
 * its memory, but for the first of all: the nearest above us that has those. */
static bool find_parent(const struct cgroup_place *place, char *parent)
{
    text_copy(parent, PATH_MAX, place->own);
    if (!place->is_v2)
        return true;
    while (!lists_memory(parent, "/cgroup.subtree_control"))
        if (!go_up(place, parent))
            return strcmp(place->own, place->mount) == 0 && put(parent, "cgroup.subtree_control", "+memory");
    return true;
}

static bool make(const char *parent, struct memory_group *g, struct err *e)
{
    tidy(parent);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (!name_slot(parent, slot, g))
            return err_set(e, ERR_USAGE, "%.200s...: the path of the cgroup is too long", parent);
        if (mkdir(g->path, 0755) != 0 && errno != EEXIST)
            return err_set(e, ERR_USAGE,
                           "no right to a cgroup that limits memory (%s: %s): start the agent as root, or by "
                           "`systemd-run --user --scope`",
                           parent, strerror(errno));
        if (lock(g))
            return true;
    }
    return err_set(e, ERR_PARTIAL, "%s: %d agents are confined there already", parent, SLOTS);
}

bool memory_group_enter(const char *root, int64_t bytes, struct memory_group *group, struct err *e)
{
    struct cgroup_place place;
    struct memory_group g;
    char parent[PATH_MAX];
    if (!find_place(root, &place))
        return err_set(e, ERR_USAGE,
                       "this machine has no memory controller of cgroups: mount them, or boot it with "
                       "cgroup_enable=memory");
    if (!find_parent(&place, parent))
        return err_set(e, ERR_USAGE,
                       "no cgroup above %s divides its memory: start the agent as root, or by `systemd-run --user "
                       "--scope`",
                       place.own);
    if (!make(parent, &g, e))
        return false;
    bool ok = set_limit(&place, &g, bytes, e) &&
              (text_append(g.before, sizeof g.before, "%s", place.own) || err_set(e, ERR_INTERNAL, "a path too long"));
    if (ok && !put(g.path, "cgroup.procs", "0")) /* whoever writes it */
        ok = err_set(e, ERR_USAGE,
                     "no right to move the agent to %s (%s): start it as root, or by `systemd-run --user "
                     "--scope`",
                     g.path, strerror(errno));
    if (!ok) {
        give_back(&g);
        return false;
    }
    *group = g;
    return true;
}

void memory_group_leave(struct memory_group *g)
{
    if (g->lock_fd < 0)
        return;
    (void)put(g->before, "cgroup.procs", "0"); /* else it cannot be removed, and the next start's tidy does */
    give_back(g);
}

void memory_group_tidy(const char *root)
{
    struct cgroup_place place;
    char parent[PATH_MAX];
    if (find_place(root, &place) && find_parent(&place, parent))
        tidy(parent);
}
