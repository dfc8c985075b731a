#include "loan.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"

enum { LOOK_MS = 50 }; /* whether the trial was dropped meanwhile */

struct loan {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_offered;
    char refused[MESSAGE_REASON]; /* "": not */
    struct message_guest_start order;
    uint32_t attempt; /* of the guest that is lent; 0: none */
    struct loan_view view;
};

struct loan *loan_new(void)
{
    struct loan *l = calloc(1, sizeof *l);
    pthread_condattr_t monotonic;
    if (!l)
        return NULL;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void loan_destroy(struct loan **loan)
{
    struct loan *l = *loan;
    *loan = NULL;
    if (!l)
        return;
    sodium_memzero(&l->order, sizeof l->order);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void begin(struct loan *l)
{
    pthread_mutex_lock(&l->lock);
    l->view = (struct loan_view){ .joined_ns = 0 };
    l->is_offered = false;
    l->refused[0] = '\0';
}

static void end(struct loan *l)
{
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void loan_offer(struct loan *l, const struct message_guest_start *order)
{
    begin(l);
    l->order = *order;
    l->attempt = order->attempt;
    l->is_offered = true;
    end(l);
}

void loan_refuse(struct loan *l, const char *why)
{
    begin(l);
    text_copy(l->refused, sizeof l->refused, why);
    l->attempt = 0;
    end(l);
}

void loan_tell(struct loan *l, const struct message_guest_state *state)
{
    pthread_mutex_lock(&l->lock);
    if (l->attempt != 0 && state->attempt == l->attempt)
        l->view.state = *state;
    end(l);
}

void loan_tell_deed(struct loan *l, uint32_t attempt, enum loan_deed deed, const struct loan_deed_times *times)
{
    pthread_mutex_lock(&l->lock);
    if (l->attempt != 0 && attempt == l->attempt)
        l->view.deeds[deed] = *times;
    end(l);
}

void loan_tell_joined(struct loan *l, uint32_t attempt, int64_t at_ns)
{
    pthread_mutex_lock(&l->lock);
    if (l->attempt != 0 && attempt == l->attempt)
        l->view.joined_ns = at_ns;
    end(l);
}

/* A moment, with the lock, or until something changes. */
static void pause_a_moment(struct loan *l)
{
    const int64_t until_ns = clock_mono_ns() + clock_ms(LOOK_MS);
    const struct timespec until = { until_ns / CLOCK_NS_PER_S, until_ns % CLOCK_NS_PER_S };
    (void)pthread_cond_timedwait(&l->changed, &l->lock, &until);
}

bool loan_take(struct loan *l, int64_t within_ns, int cancel_fd, struct message_guest_start *order, struct err *e)
{
    const int64_t deadline = clock_mono_ns() + within_ns;
    struct pollfd cancel = { .fd = cancel_fd, .events = POLLIN };
    pthread_mutex_lock(&l->lock);
    while (!l->is_offered && !*l->refused && clock_mono_ns() < deadline && poll(&cancel, 1, 0) == 0)
        pause_a_moment(l);
    bool ok = l->is_offered || err_set(e, ERR_PARTIAL, "%s", *l->refused ? l->refused : "no guest was lent to it");
    if (ok)
        *order = l->order;
    sodium_memzero(&l->order, sizeof l->order);
    l->is_offered = false;
    l->refused[0] = '\0';
    pthread_mutex_unlock(&l->lock);
    return ok;
}

bool loan_await(struct loan *l, bool (*is_so)(const struct loan_view *), int64_t within_ns, const _Atomic bool *stopped,
                struct loan_view *view, struct err *e)
{
    const int64_t deadline = clock_mono_ns() + within_ns;
    bool ok = true;
    pthread_mutex_lock(&l->lock);
    while (ok && !is_so(&l->view)) {
        const enum guest_state state = (enum guest_state)l->view.state.state;
        if (atomic_load(stopped))
            ok = err_set(e, ERR_PARTIAL, "stopped");
        else if (state == GUEST_FAILED || state == GUEST_OFF)
            ok = err_set(e, ERR_PARTIAL, "%s%s%s", l->view.state.text,
                         *l->view.state.console ? "; its console ends: " : "", l->view.state.console);
        else if (clock_mono_ns() >= deadline)
            ok = err_set(e, ERR_PARTIAL, "it has not come within %lld s", (long long)(within_ns / CLOCK_NS_PER_S));
        else
            pause_a_moment(l);
    }
    *view = l->view;
    pthread_mutex_unlock(&l->lock);
    return ok;
}
