/* What a trial cost the hosts of its guests: the window, the parts, what is in none of them, the series. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "result/cpu_use.h"
#include "result/price.h"

enum { GUEST, PEER, NODES };

/* A guest that sends to a peer, on a host whose kernel the peer shares. */
struct bench {
    struct raw_node nodes[NODES];
    struct raw_trial raw;
    struct trial trial;
};

static struct raw_watched *watched(struct bench *b, const char *guest, int64_t used_ns)
{
    struct raw_watched *w = raw_add_watched(&b->raw);
    assert_non_null(w);
    text_copy(w->host, sizeof w->host, "host");
    text_copy(w->use.guest, sizeof w->use.guest, guest);
    w->idle_rate = clock_ms(100); /* a second */
    w->use.wall_ns = clock_ms(1000);
    w->use.cpus = 2;
    w->use.used_ns = used_ns;
    w->use.exits = w->use.halt_poll_ns = w->use.sent = w->use.received = -1;
    return w;
}

static void set_up(struct bench *b, int64_t whole_ms, int64_t guest_ms, int64_t peer_ms)
{
    *b = (struct bench){ 0 };
    static const char *const NAMES[NODES] = { "guest", "peer" };
    for (size_t i = 0; i < NODES; i++) {
        text_copy(b->nodes[i].name, sizeof b->nodes[i].name, NAMES[i]);
        text_copy(b->nodes[i].boot_id, sizeof b->nodes[i].boot_id, i == GUEST ? "inside" : "outside");
        text_copy(b->nodes[i].machine, sizeof b->nodes[i].machine, "outside");
        b->nodes[i].is_done = true;
    }
    b->nodes[PEER].done.process_used_ns = clock_ms(peer_ms);
    b->raw = (struct raw_trial){ .kind = RAW_STREAM, .nodes = b->nodes, .node_count = NODES };
    watched(b, "guest", clock_ms(guest_ms));
    watched(b, "", clock_ms(whole_ms));
    struct stream *s = trial_add_stream(&b->trial);
    text_copy(s->node, sizeof s->node, "guest");
    text_copy(s->direction, sizeof s->direction, "receive");
    s->role = STREAM_LOAD;
}

static void tear_down(struct bench *b)
{
    b->raw.nodes = NULL;
    raw_clear(&b->raw);
    trial_clear(&b->trial);
}

static const struct cost *cost_of(const struct bench *b, enum cost_scope scope)
{
    for (size_t i = 0; i < b->trial.cost_count; i++)
        if (b->trial.costs[i].scope == scope)
            return &b->trial.costs[i];
    return NULL;
}

static void what_is_in_no_part_is_said_from_5_percent_on(void **state)
{
    (void)state;
    static const struct {
        int64_t whole_ms, guest_ms, peer_ms, rest_ms; /* 100 ms of the whole are its idle baseline */
    } CASES[] = {
        { 1100, 600, 400, 0 },  { 1100, 600, 360, 0 }, { 1100, 600, 340, 60 },
        { 1100, 1200, 100, 0 }, { 1100, 500, 0, 500 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct bench b;
        set_up(&b, CASES[i].whole_ms, CASES[i].guest_ms, CASES[i].peer_ms);
        assert_true(price_add(&b.raw, &b.trial));
        const struct cost *rest = cost_of(&b, COST_UNATTRIBUTED), *machine = cost_of(&b, COST_MACHINE);
        assert_non_null(machine);
        assert_int_equal(machine->idle_baseline_ns, clock_ms(100));
        assert_int_equal(rest ? rest->used_ns : 0, clock_ms(CASES[i].rest_ms));
        if (rest)
            assert_string_equal(rest->node, "host");
        tear_down(&b);
    }
}

static void what_stands_beside_a_guest_is_with_its_own_stream(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path;
        double value;
    } FIGURES[] = { { "tap_sent", "host vnet0", 70 },    { "tap_received", "host vnet0", 30 },
                    { "tap_shaped", "host vnet0", 5e7 }, { "tap_overhead", "host vnet0", 24 },
                    { "uplink_sent", "host eth0", 31 },  { "uplink_received", "host eth0", 71 },
                    { "host_load", "host", 1.5 },        { "host_domains", "host", 2 } };
    struct bench b;
    set_up(&b, 1000, 500, 400);
    struct message_watched *guest = &b.raw.watched[0].use, *host = &b.raw.watched[1].use;
    text_copy(guest->tap, sizeof guest->tap, "vnet0");
    guest->sent = 70, guest->received = 30, guest->shaped_bit_s = 50 * 1000 * 1000, guest->shaped_overhead = 24;
    text_copy(host->tap, sizeof host->tap, "eth0");
    host->sent = 31, host->received = 71, host->load_milli = 1500, host->others = 2;
    assert_true(price_add(&b.raw, &b.trial));
    for (size_t i = 0; i < ARRAY_SIZE(FIGURES); i++) {
        const struct figure *figure = stream_main_figure(&b.trial.streams[0], FIGURES[i].name);
        assert_non_null(figure);
        assert_true(figure->value == FIGURES[i].value);
        assert_string_equal(figure->path, FIGURES[i].path);
        assert_true(figure_is_of_host(FIGURES[i].name)); /* not of what the stream did */
    }
    tear_down(&b);
}

static void a_domains_series_never_goes_back_and_counts_when_it_did_not_run(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, 1000, 500, 400);
    const struct message_watching SEEN[] = {
        { .guest = "guest", .is_running = 1, .raw_ns = 100, .cpu_ns = 10 },
        { .guest = "guest", .is_running = 1, .raw_ns = 200, .cpu_ns = 90 },
        { .guest = "guest", .is_running = 1, .raw_ns = 200, .cpu_ns = 95 }, /* not later: left out */
        { .guest = "guest", .is_running = 0, .raw_ns = 300, .cpu_ns = 80 }, /* what a stop gives */
    };
    for (size_t i = 0; i < ARRAY_SIZE(SEEN); i++)
        assert_int_equal(raw_add_domain(&b.raw, "host", &SEEN[i]), i != 2);
    assert_false(raw_add_domain(&b.raw, "other", &SEEN[3])); /* it is the first one's */
    assert_true(price_add(&b.raw, &b.trial));
    const struct stream *s = &b.trial.streams[b.trial.stream_count - 1];
    assert_int_equal(s->role, STREAM_DOMAIN);
    assert_string_equal(s->node, "guest");
    assert_string_equal(s->peer, "host");
    assert_int_equal(s->point_count, 3);
    assert_int_equal(s->points[2].bytes, 90);
    assert_int_equal(s->points[2].operations, 100);
    tear_down(&b);
}

static void the_price_has_the_bytes_of_its_own_time(void **state)
{
    (void)state;
    struct bench b;
    set_up(&b, 1000, 500, 400);
    struct raw_end *end = raw_add_end(&b.raw, GUEST, PEER, STREAM_LOAD, 0, 0);
    assert_non_null(end);
    struct meter_point points[] = { { .raw_ns = 1000, .bytes = 0 }, { .raw_ns = 2000, .bytes = 500000000 } };
    end->points = malloc(sizeof points);
    assert_non_null(end->points);
    memcpy(end->points, points, sizeof points);
    end->point_count = end->point_room = ARRAY_SIZE(points);
    end->is_over = true;
    end->stream.bytes = 1500000000;
    end->stream.last_op_ns = 4000;
    b.nodes[GUEST].at_ns = 1000;
    b.raw.warmup_ns = 1000; /* in which 500 of its 1500 MB went through */
    b.nodes[GUEST].done = (struct message_done){ .wall_ns = 2000, .cpus = 1, .machine_used_ns = CLOCK_NS_PER_S };
    assert_true(cpu_use_add(&b.raw, end, &b.trial.streams[0]));
    const struct figure *cpu = stream_main_figure(&b.trial.streams[0], "cpu_node");
    assert_non_null(cpu);
    assert_string_equal(cpu->unit, "s/GB");
    assert_true(cpu->value > 0.999 && cpu->value < 1.001);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_no_part_is_said_from_5_percent_on),
        cmocka_unit_test(what_stands_beside_a_guest_is_with_its_own_stream),
        cmocka_unit_test(a_domains_series_never_goes_back_and_counts_when_it_did_not_run),
        cmocka_unit_test(the_price_has_the_bytes_of_its_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
