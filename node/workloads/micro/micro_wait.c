/* micro_wait.c - what is waited for: a timer, and a disk. */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/file/file_place.h"
#include "workloads/micro/micro_probe.h"

enum { SLEEP_NS = 200 * 1000, BLOCK = 4096 };

/* ---- timer ---- */

static bool make_timer(const char *directory, void **state, struct err *e)
{
    (void)directory;
    int *slack = malloc(sizeof *slack);
    *state = slack;
    return slack || err_set(e, ERR_INTERNAL, "out of memory");
}

/* The kernel may be late by this on purpose, by 50 us as a rule. */
static void take_slack(void *state)
{
    *(int *)state = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    (void)prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

static void give_slack(void *state)
{
    if (*(int *)state > 0)
        (void)prctl(PR_SET_TIMERSLACK, (unsigned long)*(int *)state, 0, 0, 0);
}

static bool oversleep(void *state, int batch, int64_t *ns, struct err *e)
{
    (void)state, (void)e;
    *ns = 0;
    for (int i = 0; i < batch; i++) {
        int64_t due = clock_mono_ns() + SLEEP_NS;
        clock_sleep_until_mono(due);
        *ns += clock_mono_ns() - due;
    }
    return true;
}

const struct micro_probe MICRO_PROBE_TIMER = { make_timer, oversleep, free, take_slack, give_slack };

/* ---- fsync ---- */

struct sync_state {
    struct file_place place;
    int fd;
    unsigned char block[BLOCK];
};

static bool make_sync(const char *directory, void **state, struct err *e)
{
    struct sync_state *s = malloc(sizeof *s);
    if (!s)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *s = (struct sync_state){ .place = { .fd = -1 }, .fd = -1, .block = { 1 } };
    *state = s;
    if (!file_place_open(&s->place, directory, e) || !file_place_new_file(&s->place, FILE_MODE_CACHED, &s->fd, e))
        return false;
    return (pwrite(s->fd, s->block, BLOCK, 0) == BLOCK && fsync(s->fd) == 0) ||
           file_place_fault(&s->place, errno, "written", e);
}

static bool synchronize(void *state, int batch, int64_t *ns, struct err *e)
{
    struct sync_state *s = state;
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i++) {
        s->block[0]++;
        if (pwrite(s->fd, s->block, BLOCK, 0) != BLOCK || fsync(s->fd) != 0)
            return file_place_fault(&s->place, errno, "written", e);
    }
    *ns = clock_raw_ns() - begun;
    return true;
}

static void release_sync(void *state)
{
    struct sync_state *s = state;
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    file_place_close(&s->place);
    free(s);
}

const struct micro_probe MICRO_PROBE_FSYNC = { make_sync, synchronize, release_sync, NULL, NULL };
