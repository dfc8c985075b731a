#include "vigil.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/threads.h"

enum { LINE = 1024, VIGIL_AGAIN_MS = 1 };

struct look {
    int64_t run_ns, wait_ns, slices;
    bool is_ready; /* running, or waiting for a CPU */
};

struct vcpu {
    pid_t guest;
    int schedstat_fd, stat_fd; /* open beforehand: a look is two reads */
    struct look first, last;
    bool is_there; /* the first has been had */
    int looks;     /* since the instant */
    bool is_known; /* ... and what had begun by the first of them is over */
};

struct vigil {
    int64_t at_ns;
    size_t count;
    struct vcpu vcpus[VIGIL_VCPUS_MAX];
    int64_t from_ns, to_ns;
    int stop_fd;
    bool has_thread;
    pthread_t thread;
};

static bool read_at_once(int fd, char *text, size_t size)
{
    ssize_t got = pread(fd, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static bool look_at(const struct vcpu *v, struct look *look)
{
    char stat[LINE], schedstat[LINE];
    if (!read_at_once(v->stat_fd, stat, sizeof stat) || !read_at_once(v->schedstat_fd, schedstat, sizeof schedstat))
        return false; /* it has ended */
    const char *name_end = strrchr(stat, ')');
    look->is_ready = name_end && strncmp(name_end, ") R", 3) == 0;
    return threads_parse_schedstat(schedstat, &look->run_ns, &look->wait_ns, &look->slices);
}

/* The scheduler counts a wait when it is over: when the vCPU has run, or sleeps. */
static bool is_over(const struct vcpu *v, const struct look *now)
{
    return !now->is_ready || (v->looks > 0 && (now->run_ns != v->last.run_ns || now->slices != v->last.slices));
}

/* Until RAW reads `raw_ns`; false when it ends before. */
static bool sleep_until(const struct vigil *v, int64_t raw_ns)
{
    struct pollfd stop = { .fd = v->stop_fd, .events = POLLIN };
    for (int64_t left; (left = raw_ns - clock_raw_ns()) > 0;) {
        const struct timespec time = { left / CLOCK_NS_PER_S, left % CLOCK_NS_PER_S };
        if (ppoll(&stop, 1, &time, NULL) > 0)
            return false;
    }
    return true;
}

/* Those of which not all is known yet; whether there is one of those left. */
static bool look_again(struct vigil *v)
{
    bool any = false;
    for (size_t i = 0; i < v->count; i++) {
        struct vcpu *vcpu = &v->vcpus[i];
        struct look now;
        if (!vcpu->is_there || vcpu->is_known || !look_at(vcpu, &now))
            continue;
        vcpu->is_known = is_over(vcpu, &now);
        any = any || !vcpu->is_known;
        vcpu->last = now;
        vcpu->looks++;
    }
    v->to_ns = clock_raw_ns() - v->at_ns;
    return any;
}

static void *watch(void *arg)
{
    struct vigil *v = arg;
    const int64_t around = clock_ms(VIGIL_AROUND_MS);
    if (!sleep_until(v, v->at_ns - around))
        return NULL;
    v->from_ns = clock_raw_ns() - v->at_ns;
    if (v->from_ns >= 0)
        return NULL; /* there was no time left, or this thread was kept from running */
    for (size_t i = 0; i < v->count; i++) {
        struct vcpu *vcpu = &v->vcpus[i];
        vcpu->is_there = look_at(vcpu, &vcpu->first);
    }
    for (int64_t next = v->at_ns + around; sleep_until(v, next); next += clock_ms(VIGIL_AGAIN_MS))
        if (!look_again(v) || v->to_ns >= clock_ms(VIGIL_MOST_MS))
            break;
    return NULL;
}

static int open_of(pid_t pid, pid_t tid, const char *what)
{
    char path[96] = "";
    text_append(path, sizeof path, "/proc/%d/task/%d/%s", pid, tid, what);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void add_guest(struct vigil *v, pid_t pid)
{
    pid_t tids[VIGIL_VCPUS_MAX];
    size_t count = threads_vcpus(pid, tids, VIGIL_VCPUS_MAX - v->count);
    for (size_t i = 0; i < count; i++) {
        struct vcpu *vcpu = &v->vcpus[v->count];
        *vcpu = (struct vcpu){ .guest = pid,
                               .schedstat_fd = open_of(pid, tids[i], "schedstat"),
                               .stat_fd = open_of(pid, tids[i], "stat") };
        v->count++;
    }
}

bool vigil_begin(const pid_t *pids, size_t count, int64_t at_ns, struct vigil **vigil, struct err *e)
{
    struct vigil *v = calloc(1, sizeof *v);
    if (!v)
        return err_set(e, ERR_INTERNAL, "out of memory");
    v->at_ns = at_ns;
    for (size_t i = 0; i < count; i++)
        add_guest(v, pids[i]);
    v->stop_fd = eventfd(0, EFD_CLOEXEC);
    int failure = v->stop_fd < 0 ? errno : pthread_create(&v->thread, NULL, watch, v);
    v->has_thread = failure == 0;
    if (failure) {
        vigil_destroy(&v);
        return err_errno(e, failure, "no thread to watch vCPUs");
    }
    *vigil = v;
    return true;
}

void vigil_end(struct vigil *v)
{
    uint64_t one = 1;
    if (!v->has_thread)
        return;
    if (write(v->stop_fd, &one, sizeof one) < 0)
        one = 0; /* it is raised already */
    pthread_join(v->thread, NULL);
    v->has_thread = false;
}

struct vigil_seen vigil_seen(const struct vigil *v, pid_t pid)
{
    struct vigil_seen seen = { .from_ns = v->from_ns, .to_ns = v->to_ns };
    for (size_t i = 0; i < v->count; i++) {
        const struct vcpu *vcpu = &v->vcpus[i];
        if (vcpu->guest != pid || vcpu->looks == 0)
            continue;
        const int64_t waited = vcpu->last.wait_ns - vcpu->first.wait_ns;
        seen.vcpus++;
        seen.run_ns += vcpu->last.run_ns - vcpu->first.run_ns;
        seen.wait_ns += waited;
        seen.worst_ns = waited > seen.worst_ns ? waited : seen.worst_ns;
    }
    return seen;
}

void vigil_destroy(struct vigil **vigil)
{
    struct vigil *v = *vigil;
    *vigil = NULL;
    if (!v)
        return;
    vigil_end(v);
    for (size_t i = 0; i < v->count; i++) {
        if (v->vcpus[i].schedstat_fd >= 0)
            close(v->vcpus[i].schedstat_fd);
        if (v->vcpus[i].stat_fd >= 0)
            close(v->vcpus[i].stat_fd);
    }
    if (v->stop_fd >= 0)
        close(v->stop_fd);
    free(v);
}
