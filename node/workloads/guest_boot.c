/* guest_boot.c - the workload `guest_boot`: how long a guest takes to start, to boot, to join, to be saved and
 * restored, and to end. The keeper does it, on its own thread; this one asks for it and tells what it took. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/boot_options.h"
#include "catalogue/guest.h"
#include "guests/image.h"
#include "guests/libraries.h"
#include "guests/service.h"
#include "workloads/workloads.h"

enum {
    OFFER_MS = 60 * 1000, /* the keeper may have to wake libvirt up */
    BOOT_MS = 200 * 1000, /* the keeper's own deadlines are shorter: a KVM that does not work, and TCG after it */
    JOIN_MS = 30 * 1000,
    DEED_MS = 120 * 1000,
};

struct boot_work {
    _Atomic bool stopped;
    struct keeper *keeper;
    struct message_guest_start order; /* with its keys */
};

static bool put(const struct boot_work *w, const struct message *m, struct err *e)
{
    return keeper_hear(w->keeper, m) || err_set(e, ERR_INTERNAL, "out of memory");
}

static bool put_stop(const struct boot_work *w, struct err *e)
{
    struct message m = { .type = MESSAGE_GUEST_STOP, .guest_stop = { .attempt = w->order.attempt } };
    text_copy(m.guest_stop.guest, sizeof m.guest_stop.guest, w->order.guest);
    return put(w, &m, e);
}

static bool put_hold(const struct boot_work *w, enum guest_hold hold, struct err *e)
{
    struct message m = { .type = MESSAGE_GUEST_HOLD, .guest_hold = { .hold = hold } };
    text_copy(m.guest_hold.guest, sizeof m.guest_hold.guest, w->order.guest);
    return put(w, &m, e);
}

static void stop(struct part *part)
{
    struct boot_work *w = part->own;
    atomic_store(&w->stopped, true);
}

static void release(struct part *part)
{
    struct boot_work *w = part->own;
    part->own = NULL;
    if (!w)
        return;
    if (w->order.attempt != 0)
        (void)put_stop(w, NULL); /* one that has ended is not there any more */
    sodium_memzero(&w->order, sizeof w->order);
    free(w);
}

static void log_image(void *context, const char *what)
{
    (void)context;
    log_info("%s", what);
}

/* What all guests like it share is made now; the first one of a machine may fetch a kernel. */
static bool make_image(const struct part *part, const struct message_guest_start *order, struct err *e)
{
    struct guest_options options;
    struct image image;
    struct libraries *libraries = malloc(sizeof *libraries);
    bool ok = libraries || err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && schema_unpack(&GUEST_SCHEMA, order->options, &options, e) && libraries_of_this_program(libraries, e);
    if (ok) {
        const struct image_order what = { .libraries = libraries,
                                          .agent = "/proc/self/exe",
                                          .nic = guest_nic_name(&options),
                                          .cancel_fd = part->cancel_fd,
                                          .tell = log_image };
        ok = image_make(&what, &image, e);
    }
    free(libraries);
    return ok;
}

static bool prepare(struct part *part, struct err *e)
{
    const struct guests_service *guests = part->service;
    struct boot_work *w = calloc(1, sizeof *w);
    part->own = w;
    if (!w)
        return err_set(e, ERR_INTERNAL, "out of memory");
    part->flow_count = 1;
    part->flows[0].starts = true;
    if (!guests || !guests->keeper)
        return err_set(e, ERR_USAGE, "this agent keeps no guests");
    w->keeper = guests->keeper;
    return loan_take(keeper_loan(w->keeper), clock_ms(OFFER_MS), part->cancel_fd, &w->order, e) &&
           make_image(part, &w->order, e);
}

static void tell(struct part_flow *f, enum boot_lap which, int64_t from_ns, int64_t to_ns)
{
    struct part_lap lap = { .test = which, .first_ns = from_ns, .last_ns = to_ns };
    lap.counters[BOOT_COUNTER_ELAPSED] = to_ns - from_ns;
    meter_add(&f->meter, 0);
    part_tell_lap(f, &lap);
}

static bool has_booted(const struct loan_view *v) { return v->state.state == GUEST_BOOTED; }
static bool has_joined(const struct loan_view *v) { return v->joined_ns != 0; }
static bool is_saved(const struct loan_view *v) { return v->deeds[LOAN_SAVE].is_over; }
static bool is_restored(const struct loan_view *v) { return v->deeds[LOAN_RESTORE].is_over; }
static bool is_ended(const struct loan_view *v) { return v->deeds[LOAN_STOP].is_over; }

/* Both, or the reason why not stands in the flow's route. */
static bool save_and_restore(struct part_flow *f, struct err *e)
{
    struct boot_work *w = f->part->own;
    struct loan *loan = keeper_loan(w->keeper);
    struct loan_view v;
    const struct loan_deed_times *saved = &v.deeds[LOAN_SAVE], *restored = &v.deeds[LOAN_RESTORE];
    if (!put_hold(w, GUEST_HOLD_SAVE, e) || !loan_await(loan, is_saved, clock_ms(DEED_MS), &w->stopped, &v, e))
        return false;
    if (saved->to_ns == 0) {
        text_append(f->route, sizeof f->route, "not saved and restored: %s", saved->why);
        return true;
    }
    tell(f, BOOT_SAVE, saved->from_ns, saved->to_ns);
    if (!put_hold(w, GUEST_HOLD_RESTORE, e) || !loan_await(loan, is_restored, clock_ms(DEED_MS), &w->stopped, &v, e))
        return false;
    if (restored->to_ns == 0)
        return err_set(e, ERR_PARTIAL, "saved, but not restored: %s", restored->why);
    tell(f, BOOT_RESTORE, restored->from_ns, restored->to_ns);
    return true;
}

static bool run(struct part_flow *f, struct err *e)
{
    const struct boot_options *o = &f->part->options.boot;
    struct boot_work *w = f->part->own;
    struct loan *loan = keeper_loan(w->keeper);
    struct message *m = calloc(1, sizeof *m);
    struct loan_view v;
    bool ok = m != NULL;
    if (!m) {
        err_set(e, ERR_INTERNAL, "out of memory");
    } else {
        m->type = MESSAGE_GUEST_START;
        m->guest_start = w->order;
        m->guest_start.purpose = o->saves == BOOT_SAVES_AUTO ? GUEST_START_TO_SAVE : GUEST_START_NOW;
        f->times.first_op_ns = clock_raw_ns();
        ok = put(w, m, e);
        sodium_memzero(&m->guest_start, sizeof m->guest_start);
        free(m);
    }
    ok = ok && loan_await(loan, has_booted, clock_ms(BOOT_MS), &w->stopped, &v, e);
    if (ok) {
        tell(f, BOOT_START, v.state.defined_ns, v.state.running_ns);
        tell(f, BOOT_BOOT, v.state.running_ns, v.state.booted_ns);
        ok = loan_await(loan, has_joined, clock_ms(JOIN_MS), &w->stopped, &v, e) || err_wrap(e, "its agent");
    }
    if (ok)
        tell(f, BOOT_JOIN, v.state.running_ns, v.joined_ns > v.state.running_ns ? v.joined_ns : v.state.running_ns);
    ok = ok && (o->saves == BOOT_SAVES_OFF || save_and_restore(f, e));
    ok = ok && put_stop(w, e) && loan_await(loan, is_ended, clock_ms(DEED_MS), &w->stopped, &v, e);
    if (ok && v.deeds[LOAN_STOP].to_ns == 0)
        ok = err_set(e, ERR_PARTIAL, "it could not be ended: %s", v.deeds[LOAN_STOP].why);
    if (ok)
        tell(f, BOOT_STOP, v.deeds[LOAN_STOP].from_ns, v.deeds[LOAN_STOP].to_ns);
    f->times.last_op_ns = clock_raw_ns();
    return ok || err_wrap(e, "guest '%s'", w->order.guest);
}

const struct workload WORKLOAD_GUEST_BOOT = { .name = "guest_boot",
                                              .part = PART_LOAD,
                                              .prepare = prepare,
                                              .run = run,
                                              .stop = stop,
                                              .abort = stop,
                                              .release = release };
