/* The keeper of a host's guests, with a provider of our own that does what a test wants of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/found_off.h"
#include "guests/keeper.h"
#include "guests/provider.h"
#include "tempdir.h"

enum { WITHIN_MS = 5000, FAKES = 2 };

/* ---- the provider: two domains, 'web' and 'db', and what the test has them do ---- */

struct link {
    int fd;
};

static struct {
    pthread_mutex_t lock;
    enum domain_state states[FAKES];
    struct domain_event event;
    bool has_event, is_lost, refuses;
    int opened, closed;
    int fd; /* of the connection there is */
    _Atomic bool hangs;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const NAMES[FAKES] = { "web", "db" };

static void set_up_fake(enum domain_state web)
{
    pthread_mutex_lock(&fake.lock);
    fake.states[0] = web;
    fake.states[1] = DOMAIN_RUNNING;
    fake.has_event = fake.is_lost = fake.refuses = false;
    fake.opened = fake.closed = 0;
    atomic_store(&fake.hangs, false);
    pthread_mutex_unlock(&fake.lock);
}

static enum domain_state state_of(int i)
{
    pthread_mutex_lock(&fake.lock);
    enum domain_state state = fake.states[i];
    pthread_mutex_unlock(&fake.lock);
    return state;
}

static void wake(void)
{
    uint64_t one = 1;
    assert_int_equal(write(fake.fd, &one, sizeof one), sizeof one);
}

/* Somebody else does it. */
static void happens(int i, enum domain_state state, const char *how)
{
    pthread_mutex_lock(&fake.lock);
    fake.states[i] = state;
    fake.event = (struct domain_event){ .state = state };
    text_copy(fake.event.name, sizeof fake.event.name, NAMES[i]);
    text_copy(fake.event.how, sizeof fake.event.how, how);
    fake.has_event = true;
    wake();
    pthread_mutex_unlock(&fake.lock);
}

static bool fake_open(const char *uri, bool may_start, struct link **link, struct err *e)
{
    (void)uri, (void)may_start;
    pthread_mutex_lock(&fake.lock);
    bool ok = !fake.refuses || err_set(e, ERR_USAGE, "the daemon is down");
    if (ok) {
        *link = calloc(1, sizeof **link);
        fake.fd = (*link)->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        fake.opened++;
        fake.is_lost = false;
    }
    pthread_mutex_unlock(&fake.lock);
    return ok;
}

static void fake_close(struct link **link)
{
    pthread_mutex_lock(&fake.lock);
    close((*link)->fd);
    free(*link);
    *link = NULL;
    fake.closed++;
    pthread_mutex_unlock(&fake.lock);
}

static bool fake_is_alive(struct link *link)
{
    (void)link;
    pthread_mutex_lock(&fake.lock);
    bool lives = !fake.is_lost;
    pthread_mutex_unlock(&fake.lock);
    return lives;
}

static bool fake_facts(struct link *link, struct provider_facts *facts, struct err *e)
{
    (void)link, (void)e;
    *facts = (struct provider_facts){ "Fake", "1.2.3", "4.5", "fake:///" };
    return true;
}

static int index_of(const char *name)
{
    for (int i = 0; i < FAKES; i++)
        if (strcmp(NAMES[i], name) == 0)
            return i;
    return -1;
}

static void describe(int i, struct domain *d)
{
    *d = (struct domain){ .state = state_of(i), .vcpus = 2, .memory_bytes = 1 << 20, .accel = "kvm", .pid = getpid() };
    text_copy(d->name, sizeof d->name, NAMES[i]);
}

static bool fake_domains(struct link *link, struct domain *domains, size_t most, size_t *count, struct err *e)
{
    (void)link, (void)e;
    for (*count = 0; *count < FAKES && *count < most; (*count)++)
        describe((int)*count, &domains[*count]);
    return true;
}

static bool fake_find(struct link *link, const char *name, struct domain *domain, struct err *e)
{
    (void)link;
    while (atomic_load(&fake.hangs))
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
    if (index_of(name) < 0)
        return err_set(e, ERR_USAGE, "%s: Domain not found", name);
    describe(index_of(name), domain);
    return true;
}

static bool set_state(const char *name, enum domain_state state)
{
    pthread_mutex_lock(&fake.lock);
    fake.states[index_of(name)] = state;
    pthread_mutex_unlock(&fake.lock);
    return true;
}

static bool fake_create(struct link *link, const struct machine *machine, struct err *e)
{
    (void)link, (void)machine;
    return err_set(e, ERR_USAGE, "not in this test");
}

static bool fake_start(struct link *link, const char *name, struct err *e)
{
    (void)link, (void)e;
    return set_state(name, DOMAIN_RUNNING);
}

static bool fake_stop(struct link *link, const char *name, bool at_once, int64_t within_ns, struct err *e)
{
    (void)link, (void)within_ns, (void)e;
    assert_false(at_once); /* that is for our own */
    return set_state(name, DOMAIN_OFF);
}

static bool fake_statistics(struct link *link, const char *name, bool brief, struct domain_statistics *s, struct err *e)
{
    (void)link, (void)brief, (void)e;
    static _Atomic int64_t exits;
    *s = (struct domain_statistics){ .state = state_of(index_of(name)),
                                     .exits = atomic_fetch_add(&exits, 7),
                                     .halt_poll_ns = -1 };
    return true;
}

static int fake_fd(struct link *link) { return link->fd; }

static bool fake_next(struct link *link, struct domain_event *event)
{
    uint64_t count;
    pthread_mutex_lock(&fake.lock);
    bool any = fake.has_event;
    *event = fake.event;
    fake.has_event = false;
    if (!any && read(link->fd, &count, sizeof count) < 0)
        count = 0;
    pthread_mutex_unlock(&fake.lock);
    return any;
}

static const struct provider FAKE = { .name = "fake",
                                      .version = TARE_VERSION,
                                      .open = fake_open,
                                      .close = fake_close,
                                      .is_alive = fake_is_alive,
                                      .facts = fake_facts,
                                      .domains = fake_domains,
                                      .find = fake_find,
                                      .create = fake_create,
                                      .start = fake_start,
                                      .stop = fake_stop,
                                      .statistics = fake_statistics,
                                      .fd = fake_fd,
                                      .next_event = fake_next };

/* ---- talking to the keeper ---- */

static struct keeper *open_keeper(unsigned rights)
{
    struct keeper *keeper = NULL;
    struct err e = { 0 };
    const struct keeper_options options = {
        .rights = rights, .endpoint = "tcp://10.0.0.1:5670", .provider = &FAKE, .patience_ns = clock_ms(300)
    };
    assert_true(keeper_open(&options, &keeper, &e));
    keeper_greet(keeper);
    return keeper;
}

/* The next message of that type; others are passed over. */
static const struct message *next(struct keeper *keeper, enum message_type type)
{
    static struct message m;
    const int64_t deadline = clock_mono_ns() + clock_ms(WITHIN_MS);
    for (;;) {
        while (keeper_next(keeper, &m))
            if (m.type == type)
                return &m;
        struct pollfd ready = { .fd = keeper_fd(keeper), .events = POLLIN };
        if (clock_mono_ns() >= deadline)
            fail_msg("no %s within %d s", message_name(type), WITHIN_MS / 1000);
        poll(&ready, 1, clock_ms_until(deadline));
    }
}

/* The next GUEST_STATE that is `state`. */
static const struct message_guest_state *until(struct keeper *keeper, enum guest_state state)
{
    for (;;) {
        const struct message_guest_state *s = &next(keeper, MESSAGE_GUEST_STATE)->guest_state;
        if (s->state == (uint32_t)state)
            return s;
        if (s->state == GUEST_FAILED)
            fail_msg("it failed: %s", s->text);
    }
}

static void order_as(struct keeper *keeper, const char *guest, const char *domain, const char *options)
{
    static struct message m;
    m = (struct message){ .type = MESSAGE_GUEST_START, .guest_start = { .attempt = 3 } };
    text_copy(m.guest_start.guest, sizeof m.guest_start.guest, guest);
    text_copy(m.guest_start.domain, sizeof m.guest_start.domain, domain);
    text_copy(m.guest_start.options, sizeof m.guest_start.options, options);
    assert_true(keeper_hear(keeper, &m));
}

static void order(struct keeper *keeper, const char *domain, const char *options)
{
    order_as(keeper, "g", domain, options);
}

static void stop(struct keeper *keeper)
{
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_GUEST_STOP, .guest_stop = { "g", 3 } }));
}

static void fails(struct keeper *keeper, const char *why)
{
    const struct message_guest_state *s = until(keeper, GUEST_FAILED);
    assert_int_equal(s->attempt, 3);
    if (!strstr(s->text, why))
        fail_msg("'%s' does not say '%s'", s->text, why);
}

/* ---- tests ---- */

static void a_guest_is_refused_beforehand_with_the_line_that_allows_it(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_OFF);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "", "");
    fails(keeper, "start it with --allow guests");
    order(keeper, "web", "");
    fails(keeper, "start it with --allow guests");
    assert_int_equal(state_of(0), DOMAIN_OFF);
    keeper_close(&keeper);
    keeper = open_keeper(RIGHT_GUESTS);
    order(keeper, "", "extra_xml=<x/>\n");
    fails(keeper, "--allow extra-xml");
    order(keeper, "", "vcpus=0\n");
    fails(keeper, "vcpus");
    order(keeper, "", "bridge=no-such-bridge\n");
    fails(keeper, "no bridge 'no-such-bridge'");
    order(keeper, "", "memory=4TiB\n");
    fails(keeper, "a guest of 4194304 MiB, and this host has");
    keeper_close(&keeper);
}

static void a_domain_that_is_missing_or_paused_is_refused_and_left_alone(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_PAUSED);
    struct keeper *keeper = open_keeper(RIGHT_GUESTS);
    order(keeper, "nobody", "");
    fails(keeper, "nobody: Domain not found");
    order(keeper, "web", "");
    fails(keeper, "`virsh resume web`");
    assert_int_equal(state_of(0), DOMAIN_PAUSED);
    keeper_close(&keeper);
    assert_int_equal(state_of(0), DOMAIN_PAUSED);
}

static void a_domain_that_is_a_guest_already_is_not_another_one(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    order_as(keeper, "other", "web", "");
    fails(keeper, "domain 'web' is in use: it is guest 'g'");
    keeper_close(&keeper);
}

static void a_domain_that_was_off_is_started_and_put_back(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) { /* it is stopped, the coordinator goes, the agent ends */
        set_up_fake(DOMAIN_OFF);
        struct keeper *keeper = open_keeper(RIGHT_GUESTS);
        order(keeper, "web", "");
        const struct message_guest_state *s = until(keeper, GUEST_BOOTED);
        assert_string_equal(s->text, "was off");
        assert_true(s->running_ns >= s->asked_ns && s->asked_ns > 0);
        assert_int_equal(state_of(0), DOMAIN_RUNNING);
        if (way == 0)
            stop(keeper);
        if (way == 1)
            keeper_leave(keeper);
        if (way < 2)
            assert_string_equal(until(keeper, GUEST_OFF)->text, "as it was found");
        keeper_close(&keeper);
        assert_int_equal(state_of(0), DOMAIN_OFF);
    }
}

/* Notes of agents that were killed: of this connection, of another, of an agent that lives. */
static void what_a_killed_agent_has_started_is_put_back_by_the_next(void **state)
{
    (void)state;
    struct found_off killed, elsewhere, living;
    set_up_fake(DOMAIN_RUNNING);
    assert_true(found_off_note("fake:///", "web", &killed, NULL));
    assert_true(found_off_note("other:///", "db", &elsewhere, NULL));
    assert_true(found_off_note("fake:///", "db", &living, NULL));
    assert_false(found_off_note("fake:///", "db", &killed, NULL)); /* it has it already */
    found_off_leave(&killed);
    found_off_leave(&elsewhere);
    struct keeper *keeper = open_keeper(0); /* one that may not start guests leaves them alone */
    order(keeper, "db", "");
    until(keeper, GUEST_BOOTED);
    keeper_close(&keeper);
    assert_int_equal(state_of(0), DOMAIN_RUNNING);
    keeper = open_keeper(RIGHT_GUESTS);
    order(keeper, "db", ""); /* answered behind what is done first */
    until(keeper, GUEST_BOOTED);
    keeper_close(&keeper);
    assert_int_equal(state_of(0), DOMAIN_OFF);
    assert_int_equal(state_of(1), DOMAIN_RUNNING);
    char domain[DOMAIN_NAME];
    assert_false(found_off_take("fake:///", domain, &killed));
    assert_true(found_off_take("other:///", domain, &elsewhere));
    assert_string_equal(domain, "db");
    found_off_forget(&elsewhere);
    found_off_forget(&living);
}

/* What the answer to it says, of this very process: the fake's. */
static struct message_enclosed enclose(struct keeper *keeper, enum enclose_part part, uint32_t vcpus, const char *cpus)
{
    static uint32_t number;
    struct message m = { .type = MESSAGE_ENCLOSE,
                         .enclose = { .number = ++number, .guest = "g", .part = part, .vcpus = vcpus } };
    text_copy(m.enclose.cpus, sizeof m.enclose.cpus, cpus);
    assert_true(keeper_hear(keeper, &m));
    if (part == ENCLOSE_NOTHING)
        return (struct message_enclosed){ .number = number };
    const struct message_enclosed answer = next(keeper, MESSAGE_ENCLOSED)->enclosed;
    assert_int_equal(answer.number, number);
    return answer;
}

static int cpus_of_this_thread(void)
{
    cpu_set_t cpus;
    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    return CPU_COUNT(&cpus);
}

static void a_guest_is_kept_to_its_envelope_until_its_coordinator_lets_go_or_leaves(void **state)
{
    (void)state;
    const int all = cpus_of_this_thread();
    if (all < 2)
        skip();
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(RIGHT_GUESTS);
    assert_string_equal(enclose(keeper, ENCLOSE_LOOK, 1, "").why, "it is not there");
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    assert_non_null(strstr(enclose(keeper, ENCLOSE_LOOK, 4096, "").why, "its 4096 vCPUs want as many CPUs"));
    const struct message_enclosed chosen = enclose(keeper, ENCLOSE_LOOK, 1, "");
    assert_string_equal(chosen.why, "");
    assert_int_equal(cpus_of_this_thread(), all); /* so far it was a question */
    for (int way = 0; way < 3; way++) {           /* it is told to, its coordinator goes, it ends */
        assert_string_equal(enclose(keeper, ENCLOSE_GUEST, 1, chosen.cpus).why, "");
        assert_int_equal(cpus_of_this_thread(), 1);
        if (way == 0)
            (void)enclose(keeper, ENCLOSE_NOTHING, 1, "");
        if (way == 1) {
            keeper_leave(keeper);
            keeper_greet(keeper);
            order(keeper, "web", "");
            until(keeper, GUEST_BOOTED);
        }
        if (way == 2)
            keeper_close(&keeper);
        else
            (void)enclose(keeper, ENCLOSE_HOST, 1, chosen.cpus); /* answered behind it */
        assert_int_equal(cpus_of_this_thread(), all);
    }
    assert_string_equal(enclose(keeper = open_keeper(0), ENCLOSE_GUEST, 1, chosen.cpus).why,
                        "this agent may not keep guests to CPUs: start it with --allow guests");
    keeper_close(&keeper);
}

static void a_domain_that_was_running_goes_on(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0); /* to look at it no right is needed */
    order(keeper, "web", "");
    assert_string_equal(until(keeper, GUEST_BOOTED)->text, "was running");
    stop(keeper);
    until(keeper, GUEST_OFF);
    keeper_close(&keeper);
    assert_int_equal(state_of(0), DOMAIN_RUNNING);
}

static void what_somebody_else_does_to_a_guest_is_told_with_its_name(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    happens(1, DOMAIN_OFF, "was destroyed"); /* one that is none of ours */
    happens(0, DOMAIN_PAUSED, "was paused");
    assert_string_equal(until(keeper, GUEST_PAUSED)->text, "its domain was paused");
    happens(0, DOMAIN_RUNNING, "was resumed");
    until(keeper, GUEST_BOOTED);
    happens(0, DOMAIN_CRASHED, "crashed");
    const struct message_guest_state *s = until(keeper, GUEST_OFF);
    assert_string_equal(s->guest, "g");
    assert_string_equal(s->text, "its domain crashed");
    stop(keeper); /* it is forgotten already: that is no fault */
    keeper_close(&keeper);
}

static void a_watch_sees_a_domain_that_is_paused_without_an_event(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_WATCH, .watch = { 9, 1 } }));
    set_state("web", DOMAIN_PAUSED);
    assert_string_equal(until(keeper, GUEST_PAUSED)->text, "its domain was paused");
    keeper_close(&keeper);
}

static void an_existing_machine_is_not_paused(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    assert_true(
        keeper_hear(keeper, &(struct message){ .type = MESSAGE_GUEST_HOLD, .guest_hold = { "g", GUEST_HOLD_PAUSE } }));
    assert_string_equal(until(keeper, GUEST_FAILED)->text, "it cannot be paused: an existing machine is not paused");
    assert_int_equal(state_of(0), DOMAIN_RUNNING);
    keeper_close(&keeper);
}

static void lend(struct keeper *keeper, uint32_t attempt)
{
    static struct message m;
    m = (struct message){ .type = MESSAGE_GUEST_START,
                          .guest_start = { .guest = "g", .attempt = attempt, .purpose = GUEST_START_LENT } };
    assert_true(keeper_hear(keeper, &m));
}

static void what_a_trial_may_not_have_is_not_lent(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct message_guest_start order;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    lend(keeper, 7);
    assert_false(loan_take(keeper_loan(keeper), clock_ms(WITHIN_MS), -1, &order, &e));
    assert_non_null(strstr(e.text, "start it with --allow guests"));
    assert_false(loan_take(keeper_loan(keeper), clock_ms(1), -1, &order, &e)); /* told once */
    assert_string_equal(e.text, "no guest was lent to it");
    keeper_close(&keeper);
}

static bool has_joined(const struct loan_view *v) { return v->joined_ns != 0; }

static void a_guest_that_is_lent_waits_for_its_trial_which_hears_of_it_alone(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct message_guest_start order;
    struct loan_view view;
    _Atomic bool stopped = false;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(RIGHT_GUESTS);
    struct loan *loan = keeper_loan(keeper);
    lend(keeper, 7);
    assert_true(loan_take(loan, clock_ms(WITHIN_MS), -1, &order, &e));
    assert_string_equal(order.guest, "g");
    assert_int_equal(order.attempt, 7);
    for (uint32_t attempt = 6; attempt <= 7; attempt++) /* the first is another start's */
        assert_true(keeper_hear(
            keeper, &(struct message){ .type = MESSAGE_GUEST_HERE, .guest_here = { "g", attempt, attempt * 100 } }));
    assert_true(loan_await(loan, has_joined, clock_ms(WITHIN_MS), &stopped, &view, &e));
    assert_int_equal(view.joined_ns, 700);
    /* Nobody has begun it: who wants it ended is told so, and the trial does not wait for what will not come. */
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_GUEST_STOP, .guest_stop = { "g", 7 } }));
    assert_int_equal(until(keeper, GUEST_OFF)->attempt, 7);
    lend(keeper, 8);
    assert_true(loan_take(loan, clock_ms(WITHIN_MS), -1, &order, &e));
    assert_false(loan_await(loan, has_joined, clock_ms(1), &stopped, &view, &e));
    atomic_store(&stopped, true);
    assert_false(loan_await(loan, has_joined, clock_ms(WITHIN_MS), &stopped, &view, &e));
    assert_string_equal(e.text, "stopped");
    keeper_close(&keeper);
}

/* The fake's process is this one, so its CPU time is known. */
static void a_watch_tells_what_guest_and_machine_used_meanwhile(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_WATCH, .watch = { 9, 1 } }));
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(500)); /* it has begun */
    const int64_t before = clock_process_cpu_ns();
    while (clock_process_cpu_ns() - before < clock_ms(100))
        ;
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_WATCH, .watch = { 8, 0 } })); /* not this one */
    assert_int_equal(next(keeper, MESSAGE_WATCHED)->watched.wall_ns, -1);
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_WATCH, .watch = { 9, 1 } }));
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(500));
    const int64_t again = clock_process_cpu_ns();
    while (clock_process_cpu_ns() - again < clock_ms(100))
        ;
    assert_true(keeper_hear(keeper, &(struct message){ .type = MESSAGE_WATCH, .watch = { 9, 0 } }));
    const struct message_watched *w = &next(keeper, MESSAGE_WATCHED)->watched;
    assert_string_equal(w->guest, "g");
    assert_true(w->used_ns >= clock_ms(100) && w->used_ns <= w->wall_ns * 4);
    assert_int_equal(w->vcpu_ns + w->vhost_ns + w->emulator_ns, w->used_ns); /* the parts are the whole */
    assert_true(w->exits > 0);
    assert_int_equal(w->halt_poll_ns, -1);
    w = &next(keeper, MESSAGE_WATCHED)->watched;
    assert_string_equal(w->guest, "");
    assert_true(w->wall_ns >= clock_ms(100) && w->cpus > 0);
    assert_int_equal(w->others, 1); /* 'db' */
    keeper_close(&keeper);
}

static void the_list_of_domains_comes_when_greeted_and_when_one_changes(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    assert_non_null(strstr(next(keeper, MESSAGE_DOMAINS)->domains.json, "{\"name\": \"web\", \"state\": \"running\""));
    happens(0, DOMAIN_OFF, "shut down");
    assert_non_null(strstr(next(keeper, MESSAGE_DOMAINS)->domains.json, "{\"name\": \"web\", \"state\": \"off\""));
    keeper_close(&keeper);
}

static void a_connection_that_is_lost_is_told_survived_and_mended(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(RIGHT_GUESTS);
    next(keeper, MESSAGE_DOMAINS);
    pthread_mutex_lock(&fake.lock);
    fake.is_lost = fake.refuses = true;
    wake();
    pthread_mutex_unlock(&fake.lock);
    assert_non_null(strstr(next(keeper, MESSAGE_DOMAINS)->domains.json, "the connection to libvirt is lost"));
    assert_non_null(strstr(next(keeper, MESSAGE_DOMAINS)->domains.json, "the daemon is down"));
    order(keeper, "web", "");
    fails(keeper, "the daemon is down");
    pthread_mutex_lock(&fake.lock);
    fake.refuses = false;
    pthread_mutex_unlock(&fake.lock);
    order(keeper, "web", ""); /* it is looked at again when somebody needs it */
    until(keeper, GUEST_BOOTED);
    keeper_close(&keeper);
    assert_int_equal(fake.opened, 2);
    assert_int_equal(fake.closed, 2);
}

static void a_provider_that_hangs_keeps_nobody(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(RIGHT_GUESTS);
    next(keeper, MESSAGE_DOMAINS);
    atomic_store(&fake.hangs, true);
    order(keeper, "web", "");
    stop(keeper); /* the session's side goes on meanwhile */
    static struct message m;
    while (keeper_next(keeper, &m))
        ;
    const int64_t begun = clock_mono_ns();
    keeper_close(&keeper);
    assert_true(clock_mono_ns() - begun < clock_ms(WITHIN_MS));
    atomic_store(&fake.hangs, false); /* the thread that was left alone goes its way */
    const int64_t deadline = clock_mono_ns() + clock_ms(WITHIN_MS);
    for (int closed = 0; !closed && clock_mono_ns() < deadline;) {
        pthread_mutex_lock(&fake.lock);
        closed = fake.closed;
        pthread_mutex_unlock(&fake.lock);
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
    }
}

static void what_is_no_order_of_its_own_is_not_taken(void **state)
{
    (void)state;
    set_up_fake(DOMAIN_RUNNING);
    struct keeper *keeper = open_keeper(0);
    assert_false(keeper_hear(keeper, &(struct message){ .type = MESSAGE_ARM }));
    order(keeper, "web", "");
    until(keeper, GUEST_BOOTED);
    order(keeper, "db", ""); /* another start of the same guest: the first one ends */
    until(keeper, GUEST_OFF);
    until(keeper, GUEST_BOOTED);
    keeper_close(&keeper);
    keeper_close(&keeper);
}

/* What is noted of domains is the tests' own. */
static int make_runtime_dir(void **state) { return tempdir_make(state) != 0 || setenv("XDG_RUNTIME_DIR", *state, 1); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_is_refused_beforehand_with_the_line_that_allows_it),
        cmocka_unit_test(a_domain_that_is_missing_or_paused_is_refused_and_left_alone),
        cmocka_unit_test(a_domain_that_is_a_guest_already_is_not_another_one),
        cmocka_unit_test(a_domain_that_was_off_is_started_and_put_back),
        cmocka_unit_test(what_a_killed_agent_has_started_is_put_back_by_the_next),
        cmocka_unit_test(a_guest_is_kept_to_its_envelope_until_its_coordinator_lets_go_or_leaves),
        cmocka_unit_test(a_domain_that_was_running_goes_on),
        cmocka_unit_test(what_somebody_else_does_to_a_guest_is_told_with_its_name),
        cmocka_unit_test(a_watch_sees_a_domain_that_is_paused_without_an_event),
        cmocka_unit_test(an_existing_machine_is_not_paused),
        cmocka_unit_test(what_a_trial_may_not_have_is_not_lent),
        cmocka_unit_test(a_guest_that_is_lent_waits_for_its_trial_which_hears_of_it_alone),
        cmocka_unit_test(a_watch_tells_what_guest_and_machine_used_meanwhile),
        cmocka_unit_test(the_list_of_domains_comes_when_greeted_and_when_one_changes),
        cmocka_unit_test(a_connection_that_is_lost_is_told_survived_and_mended),
        cmocka_unit_test(a_provider_that_hangs_keeps_nobody),
        cmocka_unit_test(what_is_no_order_of_its_own_is_not_taken),
    };
    return cmocka_run_group_tests(tests, make_runtime_dir, tempdir_remove);
}
