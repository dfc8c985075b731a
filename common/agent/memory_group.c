#include "memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path_lock.h"
#include "base/small_file.h"
#include "base/text.h"
#include "base/units.h"

enum { SLOTS = 64, TEXT_MAX = 64 * 1024, EMPTIED_MS = 1000, LOOK_MS = 10 };

/* Where this process is among those that the memory controller counts. */
struct place {
    bool is_v2;
    char mount[PATH_MAX]; /* of the hierarchy, with the root in front */
    char own[PATH_MAX];   /* this process' directory: the mount, and what is below it */
};

/* ---- where ---- */

static bool has_word(const char *list, size_t length, char separator, const char *word)
{
    for (const char *at = list; at < list + length;) {
        const char *end = memchr(at, separator, (size_t)(list + length - at));
        size_t size = (size_t)((end ? end : list + length) - at);
        if (size == strlen(word) && strncmp(at, word, size) == 0)
            return true;
        at += size + 1;
    }
    return false;
}

/* "4:memory:/a/b" of version 1, else "0::/a/b" of version 2 (cgroups(7)). */
static bool find_own(const char *text, bool is_v2, char *own, size_t size)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || memchr(line, '\n', (size_t)(path - line)))
            continue;
        size_t length = (size_t)(path - controllers - 1);
        if (is_v2 ? length == 0 : has_word(controllers + 1, length, ',', "memory"))
            return snprintf(own, size, "%.*s", (int)strcspn(path + 1, "\n"), path + 1) < (int)size;
    }
    return false;
}

/* The hierarchy's mount, and which part of it is seen there (proc(5), mountinfo). */
static bool find_mount(const char *text, bool is_v2, char *top, char *mount, size_t size)
{
    char copy[PATH_MAX * 2];
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
        char *kind = strstr(copy, " - "), *rest = copy, *fields[5];
        if (!kind)
            continue;
        *kind = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
            fields[i] = strsep(&rest, " ");
        kind += strlen(" - ");
        const char *options = strrchr(kind, ' ');
        bool is_it = is_v2 ? strncmp(kind, "cgroup2 ", 8) == 0
                           : strncmp(kind, "cgroup ", 7) == 0 && options &&
                                 has_word(options + 1, strlen(options + 1), ',', "memory");
        if (is_it && fields[3] && fields[4])
            return text_copy(top, size, fields[3]) && text_copy(mount, size, fields[4]);
    }
    return false;
}

static bool find_in(const char *root, const char *groups, const char *mounts, bool is_v2, struct place *place)
{
    char own[PATH_MAX], top[PATH_MAX], mount[PATH_MAX];
    *place = (struct place){ .is_v2 = is_v2 };
    if (!find_own(groups, is_v2, own, sizeof own) || !find_mount(mounts, is_v2, top, mount, sizeof top))
        return false;
    size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top); /* a container sees a part alone */
    const char *below = strncmp(own, top, length) == 0 ? own + length : own;
    return text_append(place->mount, sizeof place->mount, "%s%s", root, mount) &&
           text_append(place->own, sizeof place->own, "%s%s", place->mount, strcmp(below, "/") == 0 ? "" : below);
}

/* Whether the file `name` of the group `path` lists the memory controller. */
static bool lists_memory(const char *path, const char *name)
{
    char text[1024];
    return small_file_read(path, name, text, sizeof text) && has_word(text, strlen(text), ' ', "memory");
}

static bool find_place(const char *root, struct place *place)
{
    char *groups = malloc(TEXT_MAX), *mounts = malloc(TEXT_MAX);
    bool ok = groups && mounts && small_file_read(root, "/proc/self/cgroup", groups, TEXT_MAX) &&
              small_file_read(root, "/proc/self/mountinfo", mounts, TEXT_MAX) &&
              (find_in(root, groups, mounts, false, place) ||
               (find_in(root, groups, mounts, true, place) && lists_memory(place->mount, "/cgroup.controllers")));
    free(mounts);
    free(groups);
    return ok;
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

static bool set_limit(const struct place *place, const struct memory_group *g, int64_t bytes, struct err *e)
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
static bool go_up(const struct place *place, char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash || strlen(path) <= strlen(place->mount))
        return false;
    *slash = '\0';
    return true;
}

/* The group below which one with a limit can be made. In version 2 a group has either processes or groups that divide
 * its memory, but for the first of all: the nearest above us that has those. */
static bool find_parent(const struct place *place, char *parent)
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
    struct place place;
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
    struct place place;
    char parent[PATH_MAX];
    if (find_place(root, &place) && find_parent(&place, parent))
        tidy(parent);
}
