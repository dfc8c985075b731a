#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/clock_client.h"
#include "agent/facts.h"
#include "agent/test_point.h"
#include "agent/trial.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "wire/channel.h"
#include "wire/resolve.h"

enum session_state { DIALLING, GREETING, JOINED, REFUSED };

struct session {
    const struct session_options *options;
    struct invite invite;
    char instance[40], boot_id[40];
    enum session_state state;
    zsock_t *dealer, *monitor;
    struct message *in, *out; /* room for what is read, and for what is told meanwhile: they are large */
    struct clock_client *clock;
    struct trial *trial;
    int signal_fd;
    unsigned char session_id[MESSAGE_SESSION];
    struct test_points points; /* test builds */
    bool is_open, told_broken; /* the connection; that it was broken off */
    int64_t last_heard_mono, hello_mono, dial_mono, redial_mono;
    int64_t no_answer_mono; /* when to say that nobody answers */
};

enum {
    HELLO_EVERY_MS = 1000,
    REDIAL_MS = 5000, /* after a refusal libzmq does not dial again by itself */
    SILENCE_MS = 3500,
    NO_ANSWER_MS = 5000,
    MESSAGES_A_TURN = 100
};

static void test_point(struct session *s, const char *point) { test_point_pass(&s->points, point); }

static void tell(struct session *s, const struct message *m)
{
    struct err e = { 0 };
    bool gone = false;
    if (!channel_send(s->dealer, NULL, m, &gone, &e))
        log_warn("%s", e.text); /* the coordinator's deadline sees to what depended on it */
}

static void hang_up(struct session *s)
{
    trial_destroy(&s->trial);
    agent_service_leave(s->options->agent->service);
    clock_client_destroy(&s->clock);
    channel_hang_up(&s->dealer, &s->monitor);
}

static void greet(struct session *s)
{
    struct message m = { .type = MESSAGE_HELLO,
                         .hello = { .magic = HELLO_MAGIC, .major = WIRE_MAJOR, .minor = WIRE_MINOR } };
    if (s->options->test_protocol) // NOLINTNEXTLINE(cert-err34-c): a test's own
        (void)sscanf(s->options->test_protocol, "%" SCNu32 ".%" SCNu32, &m.hello.major, &m.hello.minor);
    text_copy(m.hello.program, sizeof m.hello.program, s->options->agent->program);
    text_copy(m.hello.version, sizeof m.hello.version, TARE_VERSION);
    text_copy(m.hello.name, sizeof m.hello.name, s->invite.name);
    text_copy(m.hello.instance, sizeof m.hello.instance, s->instance);
    text_copy(m.hello.boot_id, sizeof m.hello.boot_id, s->boot_id);
    tell(s, &m);
    s->hello_mono = clock_mono_ns() + clock_ms(HELLO_EVERY_MS);
}

static void refused(struct session *s, const char *reason)
{
    log_error("%s: %s; trying again every %d s", s->invite.endpoint, reason, REDIAL_MS / 1000);
    hang_up(s);
    s->state = REFUSED;
    s->redial_mono = clock_mono_ns() + clock_ms(REDIAL_MS);
}

static bool dial(struct session *s, struct err *e)
{
    struct err why = { 0 };
    hang_up(s);
    s->state = DIALLING;
    s->is_open = false;
    s->redial_mono = INT64_MAX;
    s->no_answer_mono = clock_mono_ns() + clock_ms(NO_ANSWER_MS);
    if (resolve_check(s->invite.endpoint, &why))
        return channel_dial(&s->invite, &s->dealer, &s->monitor, e);
    refused(s, why.text);
    return true;
}

static void watch_connection(struct session *s)
{
    enum channel_event event;
    while (s->monitor && (event = channel_event(s->monitor)) != CHANNEL_NOTHING) {
        switch (event) {
        case CHANNEL_OPEN:
            s->state = s->state == DIALLING ? GREETING : s->state;
            s->is_open = true;
            s->told_broken = false;
            greet(s); /* to a coordinator that knows this instance it changes nothing */
            break;
        case CHANNEL_REFUSED: refused(s, "the coordinator does not know this key: invite this node again"); break;
        case CHANNEL_FOREIGN: refused(s, "what answers there is no coordinator of tare"); break;
        case CHANNEL_BROKEN:
            if (!s->told_broken)
                log_warn(
                    "%s: broken off in mid-handshake: is it the coordinator that this invite is from? Trying again",
                    s->options->invite.endpoint);
            s->told_broken = true;
            break;
        case CHANNEL_CLOSED: s->is_open = false; break;
        default: break;
        }
    }
}

static void drop_trial(struct session *s, const char *why)
{
    if (s->trial && trial_is_running(s->trial))
        log_info("trial %u dropped: %s", trial_number(s->trial), why);
    trial_destroy(&s->trial);
}

/* A run is over, or lost from sight: greet from `hello_mono` on. */
static void leave_run(struct session *s, const char *why, int64_t hello_mono)
{
    drop_trial(s, why);
    agent_service_leave(s->options->agent->service);
    clock_client_destroy(&s->clock);
    s->state = GREETING;
    s->hello_mono = hello_mono;
}

static void on_welcome(struct session *s, const struct message_welcome *welcome)
{
    bool is_same = s->state == JOINED && welcome->session_size == MESSAGE_SESSION &&
                   memcmp(welcome->session, s->session_id, MESSAGE_SESSION) == 0;
    if (is_same)
        return;
    struct err e = { 0 };
    drop_trial(s, "another run begins");
    clock_client_destroy(&s->clock);
    enum stamp_kind most = s->options->stamps ? s->options->stamps : STAMP_BOTH;
    if (!clock_client_new(s->invite.endpoint, welcome, most, &s->clock, &e))
        log_warn("%s", e.text); /* goes on: the coordinator says that the clock cannot be bounded */
    memcpy(s->session_id, welcome->session, MESSAGE_SESSION);
    s->state = JOINED;
    s->dial_mono = 0;
    log_info("joined %s as '%s'", s->invite.endpoint, s->invite.name);
    bool ok = facts_collect(s->options->agent, s->out, &e);
    if (ok && s->options->test_catalogue)
        text_copy(s->out->facts.catalogue, sizeof s->out->facts.catalogue, s->options->test_catalogue);
    if (ok)
        tell(s, s->out);
    else
        log_error("%s", e.text);
    agent_service_greet(s->options->agent->service);
}

static void fail_trial(struct session *s, uint32_t number, const struct err *why)
{
    struct message m = { .type = MESSAGE_FAILED, .failed = { .trial = number } };
    text_copy(m.failed.reason, sizeof m.failed.reason, why->text);
    log_warn("trial %u: %s", number, why->text);
    tell(s, &m);
}

static void on_prepare(struct session *s, const struct message_prepare *order)
{
    struct err e = { 0 };
    test_point(s, "PREPARE");
    agent_service_yield(s->options->agent->service, true);
    if (s->trial && trial_number(s->trial) != order->trial)
        trial_destroy(&s->trial);
    if ((!s->trial &&
         !trial_new(order->trial, s->options->agent->workloads, s->options->agent->service, &s->trial, &e)) ||
        !trial_prepare(s->trial, order, &e))
        fail_trial(s, order->trial, &e);
}

static void on_arm(struct session *s, const struct message_arm *order)
{
    struct err e = { 0 };
    test_point(s, "ARM");
    if (!s->trial || trial_number(s->trial) != order->trial)
        return; /* cancelled meanwhile */
    if (!trial_arm(s->trial, order, &e)) {
        fail_trial(s, order->trial, &e);
        return;
    }
    tell(s, &(struct message){ .type = MESSAGE_ARMED, .armed = { .trial = order->trial } });
}

static void on_message(struct session *s, const struct message *m, int64_t received_ns)
{
    switch (m->type) {
    case MESSAGE_WELCOME: on_welcome(s, &m->welcome); return;
    case MESSAGE_REFUSED: refused(s, m->refused.reason); return;
    default: break;
    }
    if (s->state != JOINED)
        return;
    switch (m->type) {
    case MESSAGE_PING:
        tell(s, &(struct message){ .type = MESSAGE_PONG, .pong = { .sequence = m->ping.sequence } });
        break;
    case MESSAGE_ASK:
        tell(s, &(struct message){ .type = MESSAGE_ANSWER,
                                   .answer = { m->ask.sequence, .t2_ns = received_ns, .t3_ns = clock_raw_ns() } });
        break;
    case MESSAGE_PREPARE: on_prepare(s, &m->prepare); break;
    case MESSAGE_ARM: on_arm(s, &m->arm); break;
    case MESSAGE_CANCEL:
        if (s->trial && trial_number(s->trial) == m->cancel.trial)
            drop_trial(s, m->cancel.reason);
        break;
    case MESSAGE_BYE:
        leave_run(s, m->bye.reason, clock_mono_ns() + clock_ms(HELLO_EVERY_MS));
        log_info("%s; waiting for the next run", m->bye.reason);
        break;
    default:
        if (!agent_service_hear(s->options->agent->service, m))
            log_warn("%s: not for this agent; dropped", message_name(m->type));
    }
}

static void read_messages(struct session *s)
{
    struct channel_frame frame;
    for (int i = 0; i < MESSAGES_A_TURN && s->dealer && channel_receive(s->dealer, false, &frame); i++) {
        struct err e = { 0 };
        int64_t received_ns = clock_raw_ns();
        s->last_heard_mono = clock_mono_ns();
        if (channel_frame_decode(&frame, s->in, &e))
            on_message(s, s->in, received_ns);
        else
            log_warn("from the coordinator: %s; dropped", e.text);
        channel_frame_close(&frame);
    }
}

static void read_trial(struct session *s)
{
    while (s->trial && trial_next(s->trial, s->in)) {
        if (s->in->type == MESSAGE_READY)
            test_point(s, "READY");
        if (s->in->type == MESSAGE_SAMPLE)
            test_point(s, "RUN");
        if (s->in->type == MESSAGE_DONE)
            test_point(s, "DONE");
        if (s->in->type == MESSAGE_FAILED)
            log_warn("trial %u: %s", s->in->failed.trial, s->in->failed.reason);
        tell(s, s->in);
    }
}

static void read_service(struct session *s)
{
    while (agent_service_next(s->options->agent->service, s->out))
        if (s->state == JOINED) /* else nobody is there to hear it */
            tell(s, s->out);
}

/* Whatever is due. Returns when to wake at the latest. */
static bool run_timers(struct session *s, int64_t *wake, struct err *e)
{
    int64_t now = clock_mono_ns();
    *wake = now + clock_ms(1000);
    if (s->state == REFUSED && now >= s->redial_mono && !dial(s, e))
        return false;
    if (s->state == DIALLING && now >= s->no_answer_mono) {
        log_info("no answer from %s yet: no `tare` serves there at the moment, or a firewall is in between; waiting",
                 s->invite.endpoint);
        s->no_answer_mono = INT64_MAX;
    }
    if (s->state == GREETING && s->is_open && now >= s->hello_mono) /* else a thousand would wait to be sent */
        greet(s);
    if (s->state == JOINED && now - s->last_heard_mono > clock_ms(SILENCE_MS)) {
        log_warn("%s is silent for %.1f s; waiting for it", s->invite.endpoint, SILENCE_MS / 1e3);
        leave_run(s, "the coordinator is silent", now);
    }
    if (s->state == JOINED && s->clock && now >= s->dial_mono) {
        clock_client_dial(s->clock);
        s->dial_mono = now + clock_ms(1000);
    }
    return true;
}

static void *resolved(zsock_t *socket) { return socket ? zsock_resolve(socket) : NULL; }

static bool loop(struct session *s, struct err *e)
{
    int64_t wake;
    for (bool ok = dial(s, e); ok && run_timers(s, &wake, e);) {
        enum { SIGNAL, PROBES, TRIAL, SERVICE, DEALER, MONITOR, SOURCES };
        zmq_pollitem_t items[SOURCES] = {
            [SIGNAL] = { .fd = s->signal_fd, .events = ZMQ_POLLIN },
            [PROBES] = { .fd = s->clock ? clock_client_fd(s->clock) : s->signal_fd, .events = ZMQ_POLLIN },
            [TRIAL] = { .fd = s->trial ? trial_fd(s->trial) : s->signal_fd, .events = ZMQ_POLLIN },
            [SERVICE] = { .fd = agent_service_fd(s->options->agent->service, s->signal_fd), .events = ZMQ_POLLIN },
            [DEALER] = { .socket = resolved(s->dealer), .fd = s->signal_fd, .events = ZMQ_POLLIN },
            [MONITOR] = { .socket = resolved(s->monitor), .fd = s->signal_fd, .events = ZMQ_POLLIN },
        };
        if (zmq_poll(items, SOURCES, clock_ms_until(wake)) < 0 && errno != EINTR)
            return err_errno(e, errno, "waiting for messages");
        if (items[SIGNAL].revents)
            return true;
        /* Probes first: what waits here is an error of the clock. */
        if (s->clock && items[PROBES].revents && clock_client_answer(s->clock)) {
            s->last_heard_mono = clock_mono_ns();
            test_point(s, "CALIBRATE");
        }
        if (s->trial && items[TRIAL].revents)
            read_trial(s);
        read_service(s);
        if (items[DEALER].revents)
            read_messages(s);
        if (items[MONITOR].revents)
            watch_connection(s);
    }
    return false;
}

/* With a key of its own; the loop dials with it, which proves it before the first HELLO. */
static bool join(struct session *s, struct err *e)
{
    if (s->invite.is_token &&
        !enrol_run(&s->options->invite, &s->options->place, s->options->agent->program, s->signal_fd, &s->invite, e))
        return *e->text == '\0'; /* Ctrl-C is no failure */
    return loop(s, e);
}

bool session_run(const struct session_options *options, struct err *e)
{
    struct session s = { .options = options, .points = options->test_points };
    unsigned char random[16];
    if (sodium_init() < 0)
        return err_set(e, ERR_INTERNAL, "libsodium does not start");
    /* Before any thread is made, so that all of them inherit the mask. */
    const sigset_t ends = signals_block();
    signal(SIGPIPE, SIG_IGN);
    s.signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s.signal_fd < 0)
        return err_errno(e, errno, "no signal descriptor");
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(s.instance, sizeof s.instance, random, sizeof random);
    facts_boot_id(s.boot_id, sizeof s.boot_id);
    s.invite = options->invite;
    s.in = calloc(2, sizeof *s.in);
    s.out = s.in ? s.in + 1 : NULL;
    bool ok = (s.in || err_set(e, ERR_INTERNAL, "out of memory")) && channel_start(e) && join(&s, e);
    hang_up(&s);
    free(s.in);
    invite_wipe(&s.invite);
    close(s.signal_fd);
    zsys_shutdown();
    return ok;
}
