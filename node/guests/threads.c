#include "threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/small_file.h"
#include "base/text.h"

enum { NAME = 32, LINE = 1024 };

/* The number that is the `index`th of the words in a line. */
static bool read_field(const char *line, int index, int64_t *number)
{
    char *end;
    for (; index > 0 && line; index--) {
        line = strchr(line, ' ');
        line += line != NULL;
    }
    if (!line || *line < '0' || *line > '9')
        return false;
    *number = (int64_t)strtoull(line, &end, 10);
    return *number >= 0 && (*end == ' ' || *end == '\n' || *end == '\0');
}

bool threads_parse_schedstat(const char *text, int64_t *run_ns, int64_t *wait_ns, int64_t *slices)
{
    return read_field(text, 0, run_ns) && read_field(text, 1, wait_ns) && read_field(text, 2, slices);
}

static bool read_schedstat(const char *directory, int64_t *run_ns, int64_t *wait_ns)
{
    char line[LINE];
    int64_t slices;
    return small_file_read(directory, "/schedstat", line, sizeof line) &&
           threads_parse_schedstat(line, run_ns, wait_ns, &slices);
}

static bool is_vcpu(const char *name) { return strncmp(name, "CPU ", 4) == 0; } /* "CPU 0/KVM", "CPU 0/TCG" */

/* Fields 14 and 15 of proc(5)'s stat, behind a name that may hold anything. */
static bool read_ticks(const char *directory, int64_t *user_ns, int64_t *sys_ns)
{
    enum { BEHIND_NAME = 3, USER = 14, SYS = 15 };
    char line[LINE];
    int64_t user, sys;
    const char *name = small_file_read(directory, "/stat", line, sizeof line) ? strrchr(line, ')') : NULL;
    if (!name || name[1] != ' ' || !read_field(name + 2, USER - BEHIND_NAME, &user) ||
        !read_field(name + 2, SYS - BEHIND_NAME, &sys))
        return false;
    const int64_t tick_ns = CLOCK_NS_PER_S / sysconf(_SC_CLK_TCK);
    *user_ns = user * tick_ns;
    *sys_ns = sys * tick_ns;
    return true;
}

static void add_thread(const char *directory, struct threads_use *use)
{
    char name[NAME];
    int64_t run = 0, wait = 0, user = 0, sys = 0;
    if (!small_file_read(directory, "/comm", name, sizeof name) || !read_schedstat(directory, &run, &wait))
        return; /* it has ended */
    if (strncmp(name, "vhost-", 6) == 0) {
        use->vhost_ns += run;
    } else if (is_vcpu(name)) {
        use->vcpu_ns += run;
        use->vcpu_wait_ns += wait;
        use->vcpus++;
        if (read_ticks(directory, &user, &sys)) {
            use->vcpu_user_ns += user;
            use->vcpu_sys_ns += sys;
        }
    }
}

static bool add_threads(pid_t pid, struct threads_use *use)
{
    char path[64] = "";
    text_append(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return false;
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        char thread[320] = "";
        if (entry->d_name[0] != '.' && text_append(thread, sizeof thread, "%s/%s", path, entry->d_name))
            add_thread(thread, use);
    }
    closedir(tasks);
    return true;
}

/* Before Linux 6.4 vhost's workers are the kernel's threads, "vhost-PID": added to the process' own. */
static void add_kernel_vhost(pid_t pid, struct threads_use *use)
{
    char wanted[NAME] = "", name[NAME];
    if (use->vhost_ns > 0 || access("/dev/vhost-net", F_OK) != 0)
        return;
    text_append(wanted, sizeof wanted, "vhost-%d", pid);
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && (entry = readdir(proc));) {
        char path[320] = "";
        int64_t run = 0, wait = 0;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
            !text_append(path, sizeof path, "/proc/%s", entry->d_name))
            continue;
        if (small_file_read(path, "/comm", name, sizeof name) && strcmp(name, wanted) == 0 &&
            read_schedstat(path, &run, &wait)) {
            use->vhost_ns += run;
            use->total_ns += run;
        }
    }
    if (proc)
        closedir(proc);
}

bool threads_read(pid_t pid, struct threads_use *use, struct err *e)
{
    struct threads_use u = { .vcpus = 0 };
    struct timespec total;
    clockid_t clock;
    char path[64] = "";
    text_append(path, sizeof path, "/proc/%d", pid);
    int why = clock_getcpuclockid(pid, &clock);
    if (why == 0 && clock_gettime(clock, &total) != 0)
        why = errno;
    if (why != 0 || !add_threads(pid, &u) || !read_ticks(path, &u.user_ns, &u.sys_ns))
        return err_errno(e, why != 0 ? why : ESRCH, "process %d", pid);
    u.total_ns = total.tv_sec * CLOCK_NS_PER_S + total.tv_nsec;
    add_kernel_vhost(pid, &u);
    *use = u;
    return true;
}

size_t threads_vcpus(pid_t pid, pid_t *tids, size_t most)
{
    size_t count = 0;
    char path[64] = "";
    text_append(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    for (const struct dirent *entry; tasks && count < most && (entry = readdir(tasks));) {
        char thread[320] = "", name[NAME];
        if (entry->d_name[0] != '.' && text_append(thread, sizeof thread, "%s/%s", path, entry->d_name) &&
            small_file_read(thread, "/comm", name, sizeof name) && is_vcpu(name))
            tids[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
    }
    if (tasks)
        closedir(tasks);
    return count;
}
