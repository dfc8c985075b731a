#include "keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/disks.h"
#include "guests/keeper_parts.h"
#include "guests/listing.h"
#include "guests/module.h"

enum {
    CONNECT_AGAIN_MS = 5000,
    PATIENCE_MS = 20 * 1000,
    IDLE_MS = 1000,
};

/* ---- the connection ---- */

/* What there is, told whenever it changes. */
static void tell_domains(struct keeper *k)
{
    char kvm[ACCEL_WHY] = "";
    struct err e = { .text = "" };
    size_t count = 0;
    struct domain *domains = calloc(DOMAINS_MAX, sizeof *domains);
    struct message *m = calloc(1, sizeof *m);
    if (k->link && domains && !k->provider->domains(k->link, domains, DOMAINS_MAX, &count, &e))
        text_copy(k->why, sizeof k->why, e.text);
    (void)accel_may_try_kvm(strstr(k->facts.uri, "/system") == NULL, kvm);
    const struct listing listing = { .provider = k->provider ? k->provider->name : NULL,
                                     .facts = k->link ? &k->facts : NULL,
                                     .why = k->link ? e.text : k->why,
                                     .kvm = kvm,
                                     .domains = domains,
                                     .count = count };
    if (m && k->is_greeted && listing_write(&listing, m->domains.json, sizeof m->domains.json, NULL)) {
        m->type = MESSAGE_DOMAINS;
        (void)mailbox_put(k->out, m);
    }
    free(m);
    free(domains);
}

void keeper_connect(struct keeper *k)
{
    struct err e = { .text = "" };
    if (k->link)
        return;
    k->waits = false;
    const char *uri = *k->libvirt ? k->libvirt : NULL;
    bool ok = k->provider || module_load("libvirt", &k->provider, &e);
    ok = ok && k->provider->open(uri, (k->rights & RIGHT_GUESTS) != 0, &k->link, &e);
    if (ok && !k->provider->facts(k->link, &k->facts, &e)) {
        k->provider->close(&k->link);
        ok = false;
    }
    bool is_news = ok || strcmp(k->why, e.text) != 0;
    text_copy(k->why, sizeof k->why, e.text);
    k->connect_mono = clock_mono_ns() + clock_ms(CONNECT_AGAIN_MS);
    if (ok)
        existing_tidy(k);
    if (is_news)
        tell_domains(k);
}

/* A daemon that was restarted: its domains may live on, but nothing of them is known for certain. */
static void mend_connection(struct keeper *k)
{
    if (k->waits || (k->link && k->provider->is_alive(k->link)))
        return;
    if (k->link) {
        k->provider->close(&k->link);
        text_copy(k->why, sizeof k->why, "the connection to libvirt is lost");
        tell_domains(k);
    } else if (clock_mono_ns() < k->connect_mono) {
        return;
    }
    keeper_connect(k);
}

static void hear_events(struct keeper *k)
{
    struct domain_event event;
    bool any = false;
    while (k->link && k->provider->next_event(k->link, &event)) {
        any = true;
        for (size_t i = k->guest_count; i-- > 0;)
            if (strcmp(k->guests[i]->domain, event.name) == 0) {
                guest_event(k, k->guests[i], event.state, event.how);
                break;
            }
    }
    if (any)
        tell_domains(k);
}

/* ---- orders ---- */

static void end_all(struct keeper *k)
{
    while (k->guest_count > 0)
        guest_end(k, k->guests[k->guest_count - 1]);
}

static void lower(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0)
        return; /* EAGAIN: it was not raised */
}

static void obey(struct keeper *k, const struct message *m)
{
    struct guest *g;
    switch (m->type) {
    case MESSAGE_WELCOME:
        lower(k->cancel_fd);
        k->is_greeted = true;
        tell_domains(k);
        break;
    case MESSAGE_BYE:
        enclosure_close(&k->enclosure);
        end_all(k);
        k->watch.is_on = false;
        vigil_destroy(&k->watch.vigil);
        k->is_greeted = false;
        break;
    case MESSAGE_GUEST_START:
        if (m->guest_start.purpose == GUEST_START_LENT)
            guest_lend(k, &m->guest_start);
        else
            guest_begin(k, &m->guest_start);
        break;
    case MESSAGE_GUEST_STOP:
        g = guest_find(k, m->guest_stop.guest);
        if (g && g->attempt == m->guest_stop.attempt)
            guest_end(k, g);
        else
            guest_deny(k, &m->guest_stop);
        break;
    case MESSAGE_GUEST_HOLD:
        g = guest_find(k, m->guest_hold.guest);
        if (g && m->guest_hold.hold <= GUEST_HOLD_RESTORE)
            guest_hold(k, g, (enum guest_hold)m->guest_hold.hold);
        tell_domains(k); /* libvirt's own word of it may be late */
        break;
    case MESSAGE_WATCH:
        if (m->watch.begin)
            watching_begin(k, m->watch.watch, m->watch.at_ns);
        else
            watching_end(k, m->watch.watch);
        break;
    case MESSAGE_ENCLOSE: guest_enclose(k, &m->enclose); break;
    case MESSAGE_COOL: disks_cool(k, m->cool.cool); break;
    default: break;
    }
}

/* ---- the thread ---- */

static int wait_ms(const struct keeper *k)
{
    int64_t wake = clock_mono_ns() + clock_ms(IDLE_MS);
    for (size_t i = 0; i < k->guest_count; i++)
        if (guest_is_moving(k->guests[i]))
            wake = clock_mono_ns() + clock_ms(GUEST_LOOK_MS);
    if (k->watch.is_on && k->watch.tick_mono < wake)
        wake = k->watch.tick_mono;
    return clock_ms_until(wake);
}

static void keeper_free(struct keeper **keeper)
{
    struct keeper *k = *keeper;
    *keeper = NULL;
    mailbox_destroy(&k->in);
    mailbox_destroy(&k->out);
    loan_destroy(&k->loan);
    vigil_destroy(&k->watch.vigil);
    if (k->stop_fd >= 0)
        close(k->stop_fd);
    if (k->cancel_fd >= 0)
        close(k->cancel_fd);
    free(k);
}

/* By the thread or by its owner. */
static void leave(struct keeper *k)
{
    if (atomic_exchange(&k->is_left, true))
        keeper_free(&k);
}

static void *work(void *arg)
{
    struct keeper *k = arg;
    struct message *m = malloc(sizeof *m);
    if (k->rights & RIGHT_GUESTS)
        enclosure_note_tidy("");
    if (!k->waits)
        keeper_connect(k);
    for (bool stops = !m; !stops;) {
        struct pollfd fds[] = { { .fd = k->stop_fd, .events = POLLIN },
                                { .fd = mailbox_fd(k->in), .events = POLLIN },
                                { .fd = k->link ? k->provider->fd(k->link) : -1, .events = POLLIN } };
        (void)poll(fds, 3, wait_ms(k));
        stops = (fds[0].revents & POLLIN) != 0;
        while (!stops && mailbox_take(k->in, m))
            obey(k, m);
        hear_events(k);
        for (size_t i = k->guest_count; i-- > 0;)
            if (guest_is_moving(k->guests[i]))
                guest_look(k, k->guests[i]);
        if (k->watch.is_on && clock_mono_ns() >= k->watch.tick_mono)
            watching_tick(k);
        mend_connection(k);
    }
    enclosure_close(&k->enclosure);
    end_all(k);
    if (k->link)
        k->provider->close(&k->link);
    free(m);
    leave(k);
    return NULL;
}

/* ---- the session's side ---- */

static void raise_fd(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        return; /* EAGAIN: it is raised already */
}

bool keeper_open(const struct keeper_options *options, struct keeper **keeper, struct err *e)
{
    struct keeper *k = calloc(1, sizeof *k);
    if (!k)
        return err_set(e, ERR_INTERNAL, "out of memory");
    k->rights = options->rights;
    k->provider = options->provider;
    k->patience_ns = options->patience_ns > 0 ? options->patience_ns : clock_ms(PATIENCE_MS);
    k->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    k->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = (k->stop_fd >= 0 && k->cancel_fd >= 0) || err_errno(e, errno, "no event descriptor");
    ok = ok && ((text_copy(k->libvirt, sizeof k->libvirt, options->libvirt ? options->libvirt : "") &&
                 text_copy(k->endpoint, sizeof k->endpoint, options->endpoint)) ||
                err_set(e, ERR_USAGE, "--libvirt: too long"));
    k->loan = loan_new();
    ok = ok && (k->loan || err_set(e, ERR_INTERNAL, "out of memory"));
    k->waits = strstr(k->libvirt, "/embed?") != NULL;
    if (k->waits)
        text_copy(k->why, sizeof k->why, "no guest has been started here yet");
    ok = ok && libraries_of_this_program(&k->libraries, e) && mailbox_new(&k->in, e) && mailbox_new(&k->out, e);
    int failure = ok ? pthread_create(&k->thread, NULL, work, k) : 0;
    if (failure)
        ok = err_errno(e, failure, "no thread for guests");
    if (ok)
        *keeper = k;
    else
        keeper_free(&k);
    return ok;
}

void keeper_close(struct keeper **keeper)
{
    struct keeper *k = *keeper;
    *keeper = NULL;
    if (!k)
        return;
    raise_fd(k->cancel_fd);
    raise_fd(k->stop_fd);
    const int64_t until_ns = clock_real_ns() + k->patience_ns;
    const struct timespec until = { until_ns / CLOCK_NS_PER_S, until_ns % CLOCK_NS_PER_S };
    if (pthread_timedjoin_np(k->thread, NULL, &until) != 0)
        (void)pthread_detach(k->thread); /* it hangs: what it uses stays for it */
    leave(k);
}

static void put(struct keeper *k, enum message_type type)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return;
    m->type = type;
    (void)mailbox_put(k->in, m);
    free(m);
}

void keeper_greet(struct keeper *k) { put(k, MESSAGE_WELCOME); }

void keeper_leave(struct keeper *k)
{
    raise_fd(k->cancel_fd);
    put(k, MESSAGE_BYE);
}

bool keeper_hear(struct keeper *k, const struct message *m)
{
    static const enum message_type OURS[] = { MESSAGE_GUEST_START, MESSAGE_GUEST_STOP, MESSAGE_GUEST_HOLD,
                                              MESSAGE_COOL,        MESSAGE_WATCH,      MESSAGE_ENCLOSE };
    if (m->type == MESSAGE_GUEST_HERE) { /* a stamp, for whoever waits for it */
        loan_tell_joined(k->loan, m->guest_here.attempt, m->guest_here.at_ns);
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(OURS); i++)
        if (m->type == OURS[i])
            return mailbox_put(k->in, m);
    return false;
}

struct loan *keeper_loan(const struct keeper *k) { return k->loan; }
int keeper_fd(const struct keeper *k) { return mailbox_fd(k->out); }
bool keeper_next(struct keeper *k, struct message *m) { return mailbox_take(k->out, m); }
