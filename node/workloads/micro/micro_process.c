/* micro_process.c - what it costs to start a program, and to wake one that sleeps. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/micro/micro_probe.h"
#include "workloads/micro/tiny_program.h"

/* ---- fork and exec ---- */

struct exec_state {
    int program;
};

static bool make_exec(const char *directory, void **state, struct err *e)
{
    (void)directory;
    struct exec_state *s = malloc(sizeof *s);
    if (!s)
        return err_set(e, ERR_INTERNAL, "out of memory");
    s->program = -1;
    *state = s;
    return tiny_program_make(&s->program, e);
}

static bool start(void *state, int batch, int64_t *ns, struct err *e)
{
    const struct exec_state *s = state;
    char name[] = "tiny", *const argv[] = { name, NULL }, *const environment[] = { NULL };
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            fexecve(s->program, argv, environment);
            _exit(127);
        }
        if (child < 0)
            return err_errno(e, errno, "fork_exec: no process");
        while (waitpid(child, &status, 0) < 0)
            if (errno != EINTR)
                return err_errno(e, errno, "fork_exec: waiting for a process");
        if (status != 0)
            return err_set(e, ERR_INTERNAL, "fork_exec: the program did not run (status %#x)", status);
    }
    *ns = clock_raw_ns() - begun;
    return true;
}

static void release_exec(void *state)
{
    struct exec_state *s = state;
    if (s && s->program >= 0)
        close(s->program);
    free(s);
}

const struct micro_probe MICRO_PROBE_FORK_EXEC = { make_exec, start, release_exec, NULL, NULL };

/* ---- a wake-up through a pipe ---- */

struct wake_state {
    int to[2], from[2]; /* -1: not open */
    pthread_t echo;
    bool has_echo;
    cpu_set_t before; /* the CPUs that the sampling thread had */
    bool is_pinned;
};

static void *echo(void *state)
{
    const struct wake_state *s = state;
    char byte;
    while (read(s->to[0], &byte, 1) == 1 && write(s->from[1], &byte, 1) == 1)
        ;
    return NULL;
}

/* The two on CPUs of their own, where the process may use more than one. */
static void set_apart(void *state)
{
    struct wake_state *s = state;
    cpu_set_t one, other;
    int found = 0;
    if (sched_getaffinity(0, sizeof s->before, &s->before) != 0 || CPU_COUNT(&s->before) < 2)
        return;
    CPU_ZERO(&one);
    CPU_ZERO(&other);
    for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; cpu++)
        if (CPU_ISSET((size_t)cpu, &s->before))
            CPU_SET((size_t)cpu, found++ == 0 ? &one : &other);
    s->is_pinned = sched_setaffinity(0, sizeof one, &one) == 0;
    (void)pthread_setaffinity_np(s->echo, sizeof other, &other); /* they may still meet */
}

static bool make_wake(const char *directory, void **state, struct err *e)
{
    (void)directory;
    struct wake_state *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_INTERNAL, "out of memory");
    s->to[0] = s->to[1] = s->from[0] = s->from[1] = -1;
    *state = s;
    if (pipe2(s->to, O_CLOEXEC) != 0 || pipe2(s->from, O_CLOEXEC) != 0)
        return err_errno(e, errno, "pipe_wake: no pipe");
    int failure = pthread_create(&s->echo, NULL, echo, s);
    if (failure)
        return err_errno(e, failure, "pipe_wake: no thread");
    s->has_echo = true;
    return true;
}

/* There and back are two wake-ups. */
static bool wake(void *state, int batch, int64_t *ns, struct err *e)
{
    const struct wake_state *s = state;
    char byte = 0;
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i += 2)
        if (write(s->to[1], &byte, 1) != 1 || read(s->from[0], &byte, 1) != 1)
            return err_errno(e, errno, "pipe_wake: the pipe broke");
    *ns = clock_raw_ns() - begun;
    return true;
}

static void set_back(void *state)
{
    struct wake_state *s = state;
    if (s->is_pinned)
        (void)sched_setaffinity(0, sizeof s->before, &s->before);
}

static void close_end(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void release_wake(void *state)
{
    struct wake_state *s = state;
    if (!s)
        return;
    close_end(s->to[1]); /* the other thread reads the end */
    if (s->has_echo)
        pthread_join(s->echo, NULL);
    close_end(s->to[0]);
    close_end(s->from[0]);
    close_end(s->from[1]);
    free(s);
}

const struct micro_probe MICRO_PROBE_PIPE_WAKE = { make_wake, wake, release_wake, set_apart, set_back };
