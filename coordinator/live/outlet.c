#include "outlet.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

struct outlet {
    int fd;
    const struct outlet_painter *painter;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed, finished;
    struct buffer waiting, writing; /* `writing` is the thread's own */
    uint64_t dropped;
    bool is_touched, is_closing, is_finished, is_gone; /* gone: the reader is */
    _Atomic bool is_given_up;
};

/* What makes a waiting write(2) return; ignored while nobody handles it. */
enum { WAKE_SIGNAL = SIGURG, WAKE_EVERY_MS = 10 };

static struct timespec to_timespec(int64_t ns)
{
    return (struct timespec){ .tv_sec = ns / CLOCK_NS_PER_S, .tv_nsec = ns % CLOCK_NS_PER_S };
}

/* Write all of `writing`: the one place where the thread waits for the reader. */
static bool write_out(struct outlet *o)
{
    bool ok = true;
    for (size_t at = 0; ok && at < o->writing.size;) {
        ssize_t written = write(o->fd, o->writing.text + at, o->writing.size - at);
        if (written >= 0)
            at += (size_t)written;
        else if (errno == EAGAIN) /* someone else made it non-blocking */
            (void)poll(&(struct pollfd){ .fd = o->fd, .events = POLLOUT }, 1, OUTLET_IDLE_MS);
        else
            ok = errno == EINTR;
        ok = ok && !atomic_load(&o->is_given_up);
    }
    o->writing.size = 0;
    return ok;
}

/* Until there is something to write. */
static void wait_for_work(struct outlet *o, int64_t last_mono)
{
    for (;;) {
        int64_t now = clock_mono_ns(), wake = INT64_MAX;
        bool has_work = o->waiting.size > 0 || o->is_touched;
        if (o->painter)
            wake = last_mono + clock_ms(has_work ? OUTLET_FRAME_MS : OUTLET_IDLE_MS);
        if (o->is_closing || now >= wake || (has_work && !o->painter))
            return;
        if (wake == INT64_MAX) {
            pthread_cond_wait(&o->changed, &o->lock);
        } else {
            struct timespec until = to_timespec(wake);
            pthread_cond_timedwait(&o->changed, &o->lock, &until);
        }
    }
}

static void *write_on(void *context)
{
    struct outlet *o = context;
    int64_t last_mono = 0;
    pthread_mutex_lock(&o->lock);
    for (bool last = false; !last;) {
        wait_for_work(o, last_mono);
        last = o->is_closing;
        last_mono = clock_mono_ns();
        o->is_touched = false;
        if (o->is_gone) {
            o->waiting.size = 0;
        } else if (o->painter) {
            o->painter->paint(o->painter->context, &o->waiting, last, &o->writing);
            o->waiting.size = 0;
        } else {
            struct buffer full = o->waiting;
            o->waiting = o->writing;
            o->writing = full;
        }
        pthread_mutex_unlock(&o->lock);
        bool ok = write_out(o);
        pthread_mutex_lock(&o->lock);
        o->is_gone = o->is_gone || !ok;
    }
    o->is_finished = true;
    pthread_cond_signal(&o->finished);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* A new thread takes over its maker's signals: Ctrl-C is for the conductor. SIGTTOU stays, so that
 * `stty tostop` means what it says. */
static int start(struct outlet *o)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGTTOU);
    sigdelset(&all, WAKE_SIGNAL);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&o->thread, NULL, write_on, o);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void release(struct outlet *o)
{
    pthread_cond_destroy(&o->finished);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    buffer_clear(&o->waiting);
    buffer_clear(&o->writing);
    free(o);
}

bool outlet_open(int fd, const struct outlet_painter *painter, struct outlet **outlet, struct err *e)
{
    struct outlet *o = calloc(1, sizeof *o);
    if (!o)
        return err_set(e, ERR_INTERNAL, "out of memory");
    o->fd = fd;
    o->painter = painter;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, &monotonic);
    pthread_cond_init(&o->finished, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int error = start(o);
    if (error) {
        release(o);
        return err_errno(e, error, "no thread for the live view");
    }
    *outlet = o;
    return true;
}

static bool wait_for_end(struct outlet *o, int64_t ms)
{
    struct timespec until = to_timespec(clock_mono_ns() + clock_ms(ms));
    pthread_mutex_lock(&o->lock);
    while (!o->is_finished && pthread_cond_timedwait(&o->finished, &o->lock, &until) == 0)
        continue;
    bool is_finished = o->is_finished;
    pthread_mutex_unlock(&o->lock);
    return is_finished;
}

static void wake(int number) { (void)number; }

/* Get the thread out of a write that may never return; again and again, since the signal may come
 * just before it. */
static void give_up(struct outlet *o)
{
    struct sigaction handler = { .sa_handler = wake }, before;
    atomic_store(&o->is_given_up, true);
    sigaction(WAKE_SIGNAL, &handler, &before);
    do
        pthread_kill(o->thread, WAKE_SIGNAL);
    while (!wait_for_end(o, WAKE_EVERY_MS));
    sigaction(WAKE_SIGNAL, &before, NULL);
}

bool outlet_close(struct outlet **outlet)
{
    struct outlet *o = *outlet;
    *outlet = NULL;
    if (!o)
        return true;
    pthread_mutex_lock(&o->lock);
    o->is_closing = true;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
    if (!wait_for_end(o, OUTLET_CLOSE_MS))
        give_up(o);
    pthread_join(o->thread, NULL);
    bool ok = !o->is_gone;
    release(o);
    return ok;
}

bool outlet_put(struct outlet *o, enum outlet_worth worth, const char *text, size_t size)
{
    static const size_t MOST[] = { OUTLET_RATES_MOST, OUTLET_NEWS_MOST, SIZE_MAX };
    pthread_mutex_lock(&o->lock);
    /* Of one who is gone nothing is kept, and nothing is said of it. */
    bool ok = o->is_gone || (o->waiting.size < MOST[worth] && buffer_put(&o->waiting, text, size));
    if (o->is_gone)
        o->waiting.size = 0;
    o->dropped += !ok;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
    return ok;
}

uint64_t outlet_dropped(struct outlet *o, bool now)
{
    uint64_t dropped = 0;
    pthread_mutex_lock(&o->lock);
    if (now || o->waiting.size < OUTLET_RATES_MOST) {
        dropped = o->dropped;
        o->dropped = 0;
    }
    pthread_mutex_unlock(&o->lock);
    return dropped;
}

void outlet_touch(struct outlet *o)
{
    pthread_mutex_lock(&o->lock);
    o->is_touched = true;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

void outlet_lock(struct outlet *o) { pthread_mutex_lock(&o->lock); }
void outlet_unlock(struct outlet *o) { pthread_mutex_unlock(&o->lock); }
