#include "serving.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"

enum { LINE = 1024, CHILDREN = 4096, DEEPEST = 8 };

struct walk {
    bool (*visit)(pid_t tid, void *context);
    void *context;
    bool is_found, goes_on;
};

bool serving_who(pid_t tid, char name[SERVING_NAME], int64_t *started)
{
    enum { BEHIND_NAME = 3, START = 22 }; /* fields of proc(5)'s stat, behind a name that may hold anything */
    char path[64], line[LINE];
    snprintf(path, sizeof path, "/proc/%d/stat", tid);
    char *open = small_file_read("", path, line, sizeof line) ? strchr(line, '(') : NULL;
    char *at = open ? strrchr(open, ')') : NULL;
    if (!at)
        return false;
    snprintf(name, SERVING_NAME, "%.*s", (int)(at - open - 1), open + 1);
    for (int field = BEHIND_NAME - 1; at && field < START; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;
    *started = strtoll(at + 1, NULL, 10);
    return true;
}

static void walk_process(pid_t pid, int depth, struct walk *w);

/* What a thread has started; a kernel without CONFIG_PROC_CHILDREN does not tell. */
static void walk_children(pid_t pid, const char *tid, int depth, struct walk *w)
{
    char path[320], pids[CHILDREN];
    snprintf(path, sizeof path, "/proc/%d/task/%s/children", pid, tid);
    if (depth >= DEEPEST || !small_file_read("", path, pids, sizeof pids))
        return;
    for (char *at = pids, *end; w->goes_on; at = end) {
        pid_t child = (pid_t)strtol(at, &end, 10);
        if (end == at)
            return;
        walk_process(child, depth + 1, w);
    }
}

static void walk_process(pid_t pid, int depth, struct walk *w)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    for (const struct dirent *entry; tasks && w->goes_on && (entry = readdir(tasks));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        w->is_found = true;
        w->goes_on = w->visit((pid_t)strtol(entry->d_name, NULL, 10), w->context);
        walk_children(pid, entry->d_name, depth, w);
    }
    if (tasks)
        closedir(tasks);
}

/* "vhost-PID", "kvm-pit/PID" */
static bool is_named_after(const char *name, const char *pid)
{
    const size_t length = strlen(name), end = strlen(pid);
    return (strncmp(name, "vhost-", 6) == 0 || strncmp(name, "kvm-", 4) == 0) && length > end + 1 &&
           strcmp(name + length - end, pid) == 0 && (name[length - end - 1] == '-' || name[length - end - 1] == '/');
}

static void walk_kernel(pid_t pid, struct walk *w)
{
    char own[16], name[SERVING_NAME];
    int64_t started;
    snprintf(own, sizeof own, "%d", pid);
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && w->goes_on && (entry = readdir(proc));) {
        const pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);
        if (other > 0 && serving_who(other, name, &started) && is_named_after(name, own))
            w->goes_on = w->visit(other, w->context);
    }
    if (proc)
        closedir(proc);
}

bool serving_each(pid_t pid, bool (*visit)(pid_t tid, void *context), void *context)
{
    struct walk w = { .visit = visit, .context = context, .goes_on = true };
    walk_process(pid, 0, &w);
    if (w.is_found && w.goes_on)
        walk_kernel(pid, &w);
    return w.is_found && w.goes_on;
}
