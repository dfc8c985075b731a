#include "agents.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/clock_client.h"
#include "base/clock.h"
#include "base/text.h"
#include "wire/channel.h"

enum {
    HELLO_EVERY_MS = 1000,
    TURN_MS = 1,        /* while there are samples to send */
    REST_MS = 20,       /* else */
    LATE_MOST_MS = 100, /* samples that were due before that are not made up for */
    EVENTS_A_TURN = 256,
    CLOCKS = 1 << 24, /* numbers of descriptors: from here on they are those of clocks */
};

struct simulated {
    const struct invite *invite;
    zsock_t *dealer, *monitor;
    struct clock_client *clock;
    bool is_open, is_joined;
    int64_t hello_mono;
    uint64_t points; /* sent so far */
};

struct agents {
    const struct agents_options *options;
    struct stage *stage;
    struct simulated *all;
    int epoll;
    size_t next;           /* whose SAMPLE is the next one */
    int64_t sampling_mono; /* when that is due */
    struct message in, sample;
};

static bool fail(const char *what, const struct err *e)
{
    fprintf(stderr, "scale-bench: agents: %s: %s\n", what, e ? e->text : strerror(errno));
    return false;
}

static bool tell(struct simulated *s, const struct message *m)
{
    struct err e = { 0 };
    bool gone;
    return channel_send(s->dealer, NULL, m, &gone, &e);
}

static void greet(struct simulated *s)
{
    struct message m = { .type = MESSAGE_HELLO, .hello = { .major = WIRE_MAJOR, .minor = WIRE_MINOR } };
    text_copy(m.hello.magic, sizeof m.hello.magic, HELLO_MAGIC);
    text_copy(m.hello.program, sizeof m.hello.program, "node");
    text_copy(m.hello.version, sizeof m.hello.version, TARE_VERSION);
    text_copy(m.hello.name, sizeof m.hello.name, s->invite->name);
    snprintf(m.hello.instance, sizeof m.hello.instance, "%d", (int)getpid());
    (void)tell(s, &m); /* it is said again */
    s->hello_mono = clock_mono_ns() + clock_ms(HELLO_EVERY_MS);
}

static bool start_clock(struct agents *a, struct simulated *s, const struct message_welcome *welcome)
{
    struct err e = { 0 };
    struct epoll_event wanted = { .events = EPOLLIN, .data.u64 = CLOCKS + (uint64_t)(s - a->all) };
    if (!clock_client_new(s->invite->endpoint, welcome, STAMP_BOTH, &s->clock, &e))
        return fail("a clock", &e);
    clock_client_dial(s->clock);
    return epoll_ctl(a->epoll, EPOLL_CTL_ADD, clock_client_fd(s->clock), &wanted) == 0 || fail("epoll", NULL);
}

/* Everything that has come. libzmq's descriptor tells of more only after this has found nothing, and
 * sending takes its news away: so this follows each. */
static bool hear(struct agents *a, struct simulated *s)
{
    struct err e = { 0 };
    for (struct channel_frame frame; channel_receive(s->dealer, false, &frame);) {
        bool ok = channel_frame_decode(&frame, &a->in, &e);
        channel_frame_close(&frame);
        if (!ok)
            return fail("decoding", &e);
        if (a->in.type == MESSAGE_PING) {
            (void)tell(s, &(struct message){ .type = MESSAGE_PONG, .pong = { a->in.ping.sequence } });
        } else if (a->in.type == MESSAGE_WELCOME && !s->is_joined) {
            s->is_joined = tell(s, a->options->facts);
            if (a->options->have_clocks && !start_clock(a, s, &a->in.welcome))
                return false;
        } else if (a->in.type == MESSAGE_REFUSED) {
            fprintf(stderr, "scale-bench: %s was refused: %s\n", s->invite->name, a->in.refused.reason);
            return false;
        }
    }
    return true;
}

static bool watch(struct agents *a, struct simulated *s)
{
    for (enum channel_event event; (event = channel_event(s->monitor)) != CHANNEL_NOTHING;) {
        if (event == CHANNEL_BROKEN)
            atomic_fetch_add(&a->stage->broken, 1);
        s->is_open = event == CHANNEL_OPEN;
        if (s->is_open)
            greet(s);
    }
    return hear(a, s);
}

static bool add_descriptor(const struct agents *a, zsock_t *socket, uint64_t number)
{
    struct epoll_event wanted = { .events = EPOLLIN, .data.u64 = number };
    return epoll_ctl(a->epoll, EPOLL_CTL_ADD, zsock_fd(socket), &wanted) == 0 || fail("epoll", NULL);
}

static bool dial(struct agents *a, size_t i)
{
    struct simulated *s = &a->all[i];
    struct err e = { 0 };
    s->invite = &a->options->invites[i];
    if (!channel_dial(s->invite, &s->dealer, &s->monitor, &e))
        return fail("dialling", &e);
    return add_descriptor(a, s->dealer, i) && add_descriptor(a, s->monitor, i) && watch(a, s);
}

static bool send_sample(struct agents *a, struct simulated *s)
{
    struct meter_point points[AGENTS_POINTS_A_SAMPLE];
    for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
        s->points++;
        points[i] = (struct meter_point){ .raw_ns = (int64_t)s->points * clock_ms(10),
                                          .bytes = s->points * 1000003,
                                          .operations = s->points * 16 };
    }
    a->sample.sample.points_size = sizeof points;
    meter_pack(points, ARRAY_SIZE(points), a->sample.sample.points);
    if (!tell(s, &a->sample))
        atomic_fetch_add(&a->stage->samples_unsent, 1);
    return hear(a, s);
}

/* The agents in turn, evenly over the time between two samples of one of them. */
static bool send_samples(struct agents *a, int64_t now)
{
    int64_t every_ns = atomic_load(&a->stage->sample_every_ns) / (int64_t)a->options->count;
    if (every_ns == 0 || a->sampling_mono < now - clock_ms(LATE_MOST_MS))
        a->sampling_mono = now;
    for (; every_ns && a->sampling_mono < now; a->sampling_mono += every_ns) {
        if (!send_sample(a, &a->all[a->next]))
            return false;
        a->next = (a->next + 1) % a->options->count;
    }
    return true;
}

static bool greet_again(struct agents *a, int64_t now)
{
    for (size_t i = 0; i < a->options->count; i++) {
        struct simulated *s = &a->all[i];
        if (!s->is_open || s->is_joined || now < s->hello_mono)
            continue;
        greet(s);
        if (!hear(a, s))
            return false;
    }
    return true;
}

static bool live(struct agents *a)
{
    int64_t look_mono = 0;
    while (atomic_load(&a->stage->begin_mono_ns) == 0)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(TURN_MS));
    for (size_t i = 0; i < a->options->count; i++)
        if (!dial(a, i))
            return false;
    while (!atomic_load(&a->stage->is_over)) {
        struct epoll_event events[EVENTS_A_TURN];
        bool is_sampling = atomic_load(&a->stage->sample_every_ns) != 0;
        int count = epoll_wait(a->epoll, events, EVENTS_A_TURN, is_sampling ? TURN_MS : REST_MS);
        for (int i = 0; i < count; i++)
            if (events[i].data.u64 >= CLOCKS)
                (void)clock_client_answer(a->all[events[i].data.u64 - CLOCKS].clock);
            else if (!watch(a, &a->all[events[i].data.u64]))
                return false;
        int64_t now = clock_mono_ns();
        if (!send_samples(a, now))
            return false;
        if (now < look_mono)
            continue;
        look_mono = now + clock_ms(HELLO_EVERY_MS) / 4;
        if (!greet_again(a, now))
            return false;
    }
    return true;
}

int agents_run(const struct agents_options *options, struct stage *stage)
{
    struct agents a = { .options = options, .stage = stage, .epoll = epoll_create1(EPOLL_CLOEXEC) };
    struct err e = { 0 };
    a.all = calloc(options->count, sizeof *a.all);
    a.sample.type = MESSAGE_SAMPLE;
    signal(SIGPIPE, SIG_IGN);
    bool ok = (a.all && a.epoll >= 0) || fail("starting", NULL);
    ok = ok && (channel_start(&e) || fail("starting", &e));
    zsys_set_max_sockets(0); /* as many as libzmq can have */
    ok = ok && live(&a);
    for (size_t i = 0; a.all && i < options->count; i++) {
        clock_client_destroy(&a.all[i].clock);
        channel_hang_up(&a.all[i].dealer, &a.all[i].monitor);
    }
    zsys_shutdown();
    free(a.all);
    close(a.epoll);
    return ok ? 0 : 1;
}
