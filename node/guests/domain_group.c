#include "domain_group.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cgroup.h"
#include "base/small_file.h"
#include "base/text.h"
#include "guests/serving.h"

enum { PIDS = 64 * 1024, DEEPEST = 8, THREADS_MOST = 4096 };

/* Who serves the guest, sorted. */
struct servants {
    pid_t *tids; /* owned */
    size_t count;
};

static bool add_servant(pid_t tid, void *context)
{
    struct servants *s = context;
    if (s->count == THREADS_MOST)
        return false;
    s->tids[s->count++] = tid;
    return true;
}

static int compare_tids(const void *a, const void *b)
{
    const pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

/* Whether all in the group and below it are among them. Groups of threads (version 2) do not list processes: theirs
 * are listed above. */
static bool holds_only(const char *path, const struct servants *s, int depth)
{
    char *pids = malloc(PIDS), below[PATH_MAX];
    bool ok = pids && depth < DEEPEST;
    if (ok && small_file_read(path, "/cgroup.procs", pids, PIDS))
        for (char *at = pids, *end; ok; at = end) {
            const pid_t pid = (pid_t)strtol(at, &end, 10);
            if (end == at)
                break;
            ok = bsearch(&pid, s->tids, s->count, sizeof pid, compare_tids) != NULL;
        }
    free(pids);
    DIR *groups = ok ? opendir(path) : NULL;
    for (const struct dirent *entry; groups && ok && (entry = readdir(groups));) {
        below[0] = '\0';
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            ok = text_append(below, sizeof below, "%s/%s", path, entry->d_name) && holds_only(below, s, depth + 1);
    }
    if (groups)
        closedir(groups);
    return ok;
}

/* Only as much of `path` stays as is a group above `other`, too. */
static void shorten(char *path, const char *other)
{
    size_t same = 0, whole = 0;
    for (; path[same] && path[same] == other[same]; same++)
        if (path[same] == '/')
            whole = same;
    const bool is_above = (path[same] == '\0' && (other[same] == '/' || other[same] == '\0')) ||
                          (path[same] == '/' && other[same] == '\0');
    path[is_above ? same : whole] = '\0';
}

static bool place_of(const char *root, const char *who, bool is_v2, struct cgroup_place *place)
{
    return is_v2 ? cgroup_place_v2(root, who, place) : cgroup_place_v1(root, who, "cpuacct", place);
}

/* The lowest group above all threads of the process. */
static bool find_common(const char *root, pid_t pid, bool is_v2, struct cgroup_place *place)
{
    char path[PATH_MAX] = "", who[300];
    struct cgroup_place each;
    bool any = false;
    DIR *tasks = text_append(path, sizeof path, "%s/proc/%d/task", root, pid) ? opendir(path) : NULL;
    for (const struct dirent *entry; tasks && (entry = readdir(tasks));) {
        snprintf(who, sizeof who, "%d/task/%s", pid, entry->d_name);
        if (entry->d_name[0] == '.' || !place_of(root, who, is_v2, &each))
            continue;
        if (!any)
            *place = each;
        else
            shorten(place->own, each.own);
        any = true;
    }
    if (tasks)
        closedir(tasks);
    return any && strlen(place->own) > strlen(place->mount);
}

bool domain_group_find(const char *root, pid_t pid, struct domain_group *group)
{
    struct servants servants = { .tids = malloc(THREADS_MOST * sizeof(pid_t)) };
    struct cgroup_place place;
    bool found = false;
    if (servants.tids && serving_each(pid, add_servant, &servants)) {
        qsort(servants.tids, servants.count, sizeof *servants.tids, compare_tids);
        for (int is_v2 = 0; !found && is_v2 <= 1; is_v2++)
            found = find_common(root, pid, is_v2, &place) && holds_only(place.own, &servants, 0);
    }
    free(servants.tids);
    if (!found)
        return false;
    *group = (struct domain_group){ .is_v2 = place.is_v2 };
    const char *name = place.own + strlen(place.mount);
    const size_t length = strlen(name);
    text_copy(group->path, sizeof group->path, place.own);
    text_copy(group->name, sizeof group->name,
              length < sizeof group->name ? name : name + length - sizeof group->name + 1);
    return domain_group_used_ns(group) >= 0;
}

int64_t domain_group_used_ns(const struct domain_group *group)
{
    static const char KEY[] = "usage_usec ";
    char text[1024];
    if (!small_file_read(group->path, group->is_v2 ? "/cpu.stat" : "/cpuacct.usage", text, sizeof text))
        return -1;
    const char *at = group->is_v2 ? strstr(text, KEY) : text;
    if (!at)
        return -1;
    const int64_t number = strtoll(group->is_v2 ? at + strlen(KEY) : at, NULL, 10);
    return group->is_v2 ? number * 1000 : number;
}
