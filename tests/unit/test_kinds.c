/* What is told of transactions and of datagrams, what work costs, and what parallel streams make together: a host
 * and a peer whose clocks read what the coordinator's reads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "result/figures.h"
#include "result/summary.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

enum { HOST, PEER, NODES };

static const int64_t AT = 5000 * S;

struct lab {
    struct raw_trial raw;
    struct bounds *bounds;
};

static struct lab *open_lab(enum raw_kind kind, int64_t warmup_ns)
{
    static const char *const NAMES[NODES] = { "host", "peer" };
    struct lab *lab = calloc(1, sizeof *lab);
    struct err e = { 0 };
    assert_non_null(lab);
    lab->raw = (struct raw_trial){
        .kind = kind, .at_ns = AT, .warmup_ns = warmup_ns, .length_ns = 2 * S, .tolerance_ns = 100000
    };
    lab->raw.nodes = calloc(NODES, sizeof *lab->raw.nodes);
    lab->raw.node_count = NODES;
    lab->bounds = bounds_new(BOUNDS_WANDER_PPM);
    assert_true(lab->raw.nodes && lab->bounds);
    for (int64_t c = AT - 2 * S; c <= AT + 5 * S; c += 50 * MS)
        assert_true(bounds_add(lab->bounds, c - 10000, c, c, c + 10000, &e));
    for (int i = 0; i < NODES; i++) {
        struct raw_node *n = &lab->raw.nodes[i];
        n->bounds = lab->bounds;
        n->at_ns = AT;
        n->probes = 140;
        n->stamps = STAMP_BOTH;
        text_copy(n->name, sizeof n->name, NAMES[i]);
        text_copy(n->boot_id, sizeof n->boot_id, NAMES[i]);
        text_copy(n->address, sizeof n->address, i == HOST ? "10.0.0.1" : "10.0.0.2");
    }
    return lab;
}

static void close_lab(struct lab **lab)
{
    bounds_destroy(&(*lab)->bounds);
    raw_clear(&(*lab)->raw);
    free(*lab);
    *lab = NULL;
}

/* Of one flow: an end that counts `per_ms` operations of `size` bytes in each ms from `from` to `to` ms after T. */
static void add_end(struct lab *lab, int node, uint32_t flow, bool sends, int64_t per_ms, int64_t size, int64_t from_ms,
                    int64_t to_ms)
{
    struct raw_end *end = raw_add_end(&lab->raw, (size_t)node, node == HOST ? PEER : HOST,
                                      node == HOST ? STREAM_LOAD : STREAM_WITNESS, 0, flow);
    assert_non_null(end);
    end->is_over = true;
    end->stream = (struct message_stream){ .sends = sends,
                                           .first_op_ns = AT + from_ms * MS,
                                           .last_op_ns = AT + to_ms * MS,
                                           .operations = (to_ms - from_ms) * per_ms,
                                           .bytes = (to_ms - from_ms) * per_ms * size };
    for (int64_t ms = 10; ms < to_ms; ms += 10) {
        uint64_t count = (uint64_t)(ms > from_ms ? (ms - from_ms) * per_ms : 0);
        const struct meter_point p = { AT + ms * MS, count * (uint64_t)size, count };
        unsigned char blob[METER_POINT_BYTES];
        struct err e = { 0 };
        meter_pack(&p, 1, blob);
        assert_true(raw_add_points(end, blob, sizeof blob, &e));
    }
}

/* Of flow 0; ends may move while others are added. */
static struct message_stream *stream_of(struct lab *lab, int node)
{
    return &raw_end(&lab->raw, (size_t)node, 0, 0)->stream;
}

static void compute(const struct lab *lab, struct trial *t)
{
    struct err e = { 0 };
    *t = (struct trial){ 0 };
    if (!figures_compute(&lab->raw, t, &e))
        fail_msg("%s", e.text);
}

static const struct stream *load_of(const struct trial *t)
{
    for (size_t i = 0; i < t->stream_count; i++)
        if (t->streams[i].role == STREAM_LOAD)
            return &t->streams[i];
    fail_msg("no load");
    return NULL;
}

static void is(const struct stream *s, const char *name, const char *unit, enum window window, double expected)
{
    const struct figure *f = stream_figure(s, name, window, FIGURE_ON_COORDINATOR);
    f = f ? f : stream_figure(s, name, window, FIGURE_ON_OWN);
    if (!f || strcmp(f->unit, unit) != 0 || fabs(f->value - expected) > 1e-6 * fabs(expected))
        fail_msg("%s is %.9g %s, not %.9g %s", name, f ? f->value : NAN, f ? f->unit : "", expected, unit);
}

static void is_not_there(const struct stream *s, const char *name) { assert_null(stream_main_figure(s, name)); }

static const struct flag *flag_of(const struct trial *t, const char *kind)
{
    for (size_t i = 0; i < t->flag_count; i++)
        if (strcmp(t->flags[i].kind, kind) == 0)
            return &t->flags[i];
    return NULL;
}

/* `count` transactions of each of `values`, as the asking end packs them. */
static void pack_latencies(struct message_stream *m, const int64_t *values, size_t value_count, int count)
{
    struct hist *h = calloc(1, sizeof *h);
    assert_non_null(h);
    for (size_t i = 0; i < value_count; i++)
        for (int k = 0; k < count; k++)
            hist_add(h, values[i]);
    m->latencies_size = hist_pack(h, m->latencies);
    free(h);
}

/* ---- transactions ---- */

static void transactions_are_those_of_the_end_that_asked(void **unused)
{
    (void)unused;
    for (int warm = 0; warm < 2; warm++) {
        struct lab *lab = open_lab(RAW_TRANSACTIONS, warm * 500 * MS);
        struct trial t;
        add_end(lab, HOST, 0, true, 3, 2, 0, 2000);
        add_end(lab, PEER, 0, false, 4, 2, 0, 2100); /* one more was under way, and it takes a while to end */
        pack_latencies(stream_of(lab, HOST), (const int64_t[]){ 100, 120 }, 2, 500);
        compute(lab, &t);
        const struct stream *s = load_of(&t);
        is(s, "transactions", "1/s", WINDOW_WHOLE, 3000);
        is(s, "transactions", "1/s", WINDOW_COMMON, 3000);
        is(s, "transaction_count", "1", WINDOW_WHOLE, warm ? 4500 : 6000);
        is(s, "latency_min", "s", WINDOW_WHOLE, 100e-9);
        is(s, "latency_p50", "s", WINDOW_WHOLE, 100e-9);
        is(s, "latency_p9999", "s", WINDOW_WHOLE, 120e-9);
        is(s, "latency_mean", "s", WINDOW_WHOLE, 110e-9);
        is(s, "latency_max", "s", WINDOW_WHOLE, 120e-9);
        is_not_there(s, "throughput");
        is_not_there(s, "retransmits"); /* a connection for each has none to tell of */
        is_not_there(s, "lost");
        assert_string_equal(s->direction, "ask");
        assert_true(s->operates && s->latencies_size == stream_of(lab, HOST)->latencies_size);
        assert_int_equal(t.verdict, VERDICT_SINGLE);
        trial_clear(&t);
        stream_of(lab, HOST)->lost = 2000;
        compute(lab, &t);
        is(load_of(&t), "lost", "1", WINDOW_WHOLE, 2000);
        is(load_of(&t), "loss", "1", WINDOW_WHOLE, 0.25);
        trial_clear(&t);
        close_lab(&lab);
    }
}

/* ---- datagrams ---- */

static void what_was_sent_and_did_not_arrive_is_lost(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(RAW_DATAGRAMS, 0);
    struct trial t;
    add_end(lab, HOST, 0, true, 100, 1000, 0, 2000);
    add_end(lab, PEER, 0, false, 60, 1000, 0, 2000);
    stream_of(lab, PEER)->duplicates = 20000; /* came, but as what had come before */
    stream_of(lab, PEER)->late = 5;
    stream_of(lab, HOST)->failed = 3;
    compute(lab, &t);
    const struct stream *s = load_of(&t);
    is(s, "sent", "bit/s", WINDOW_WHOLE, 800e6);
    is(s, "throughput", "bit/s", WINDOW_WHOLE, 480e6);
    is(s, "throughput", "bit/s", WINDOW_COMMON, 480e6);
    is(s, "datagrams_sent", "1", WINDOW_WHOLE, 200000);
    is(s, "datagrams_received", "1", WINDOW_WHOLE, 120000);
    is(s, "lost", "1", WINDOW_WHOLE, 100000);
    is(s, "loss", "1", WINDOW_WHOLE, 0.5);
    is(s, "late", "1", WINDOW_WHOLE, 5);
    is(s, "duplicates", "1", WINDOW_WHOLE, 20000);
    is(s, "failed", "1", WINDOW_WHOLE, 3);
    is_not_there(s, "retransmits");
    assert_null(flag_of(&t, "stranger"));
    trial_clear(&t);
    stream_of(lab, PEER)->strange = 4;
    compute(lab, &t);
    assert_string_equal(flag_of(&t, "stranger")->text, "peer: 4 messages or connections were not of this trial");
    trial_clear(&t);
    close_lab(&lab);
}

static void what_was_under_way_when_the_warm_up_ended_is_no_negative_loss(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(RAW_DATAGRAMS, 500 * MS);
    struct trial t;
    add_end(lab, HOST, 0, true, 10, 1000, 0, 2000);
    add_end(lab, PEER, 0, false, 10, 1000, 100, 2100); /* each 100 ms on its way */
    compute(lab, &t);
    const struct stream *s = load_of(&t);
    is(s, "datagrams_sent", "1", WINDOW_WHOLE, 15000);
    is(s, "datagrams_received", "1", WINDOW_WHOLE, 16000);
    is(s, "lost", "1", WINDOW_WHOLE, 0);
    trial_clear(&t);
    close_lab(&lab);
}

/* ---- prices ---- */

static void done(struct lab *lab, int node, int64_t used_ns, int64_t iowait_ns, int64_t steal_ns)
{
    lab->raw.nodes[node].is_done = true;
    lab->raw.nodes[node].done = (struct message_done){ .cpus = 4,
                                                       .wall_ns = 2 * S,
                                                       .machine_used_ns = used_ns,
                                                       .machine_iowait_ns = iowait_ns,
                                                       .machine_steal_ns = steal_ns,
                                                       .process_used_ns = used_ns / 2 };
}

static void busy_is_told_as_we_count_it_and_as_netperf_does(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(RAW_STREAM, 0);
    struct trial t;
    add_end(lab, HOST, 0, true, 1, 1024 * 1000, 0, 2000); /* 2,000,000 KB */
    add_end(lab, PEER, 0, false, 1, 1024 * 1000, 0, 2000);
    done(lab, HOST, 2 * S, S, S);
    compute(lab, &t);
    const struct stream *s = load_of(&t);
    is(s, "util_node", "%", WINDOW_WHOLE, 25);
    is(s, "busy_node", "%", WINDOW_WHOLE, 50);
    is(s, "iowait_node", "%", WINDOW_WHOLE, 12.5);
    is(s, "steal_node", "%", WINDOW_WHOLE, 12.5);
    is(s, "cpu_node", "s/GB", WINDOW_WHOLE, 2 / 2.048);
    is(s, "demand_node", "us/KB", WINDOW_WHOLE, 2); /* 4 s of netperf's busy */
    is_not_there(s, "util_peer");
    trial_clear(&t);
    close_lab(&lab);
    lab = open_lab(RAW_TRANSACTIONS, 0);
    add_end(lab, HOST, 0, true, 3, 2, 0, 2000);
    add_end(lab, PEER, 0, false, 3, 2, 0, 2000);
    done(lab, HOST, 2 * S, S, S);
    done(lab, PEER, S, 0, 0);
    compute(lab, &t);
    is(load_of(&t), "cpu_node", "s/transaction", WINDOW_WHOLE, 2.0 / 6000);
    is(load_of(&t), "demand_node", "us/transaction", WINDOW_WHOLE, 4e6 / 6000);
    is(load_of(&t), "cpu_peer", "s/transaction", WINDOW_WHOLE, 1.0 / 6000);
    trial_clear(&t);
    close_lab(&lab);
}

static void a_peer_above_80_percent_of_a_core_a_flow_is_flagged(void **unused)
{
    (void)unused;
    static const struct {
        int64_t used_ns;
        uint32_t flows;
        bool is_flagged;
    } CASES[] = { { 2 * S * 79 / 100, 1, false }, { 2 * S * 81 / 100, 1, true },  { 2 * S * 155 / 100, 2, false },
                  { 2 * S * 165 / 100, 2, true }, { 8 * S * 79 / 100, 9, false }, { 8 * S * 81 / 100, 9, true } };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct lab *lab = open_lab(RAW_STREAM, 0);
        struct trial t;
        for (uint32_t flow = 0; flow < CASES[i].flows; flow++) {
            add_end(lab, HOST, flow, true, 1, 1000, 0, 2000);
            add_end(lab, PEER, flow, false, 1, 1000, 0, 2000);
        }
        done(lab, HOST, 8 * S, 0, 0); /* the node under test may use what it can */
        done(lab, PEER, CASES[i].used_ns, 0, 0);
        compute(lab, &t);
        assert_int_equal(flag_of(&t, "peer") != NULL, CASES[i].is_flagged);
        if (CASES[i].is_flagged)
            assert_non_null(strstr(flag_of(&t, "peer")->text, "peer used"));
        trial_clear(&t);
        close_lab(&lab);
    }
}

static void both_ends_at_one_address_are_flagged(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(RAW_STREAM, 0);
    struct trial t;
    add_end(lab, HOST, 0, true, 1, 1000, 0, 2000);
    add_end(lab, PEER, 0, false, 1, 1000, 0, 2000);
    compute(lab, &t);
    assert_null(flag_of(&t, "loopback"));
    trial_clear(&t);
    text_copy(lab->raw.nodes[PEER].address, sizeof lab->raw.nodes[PEER].address, "10.0.0.1");
    compute(lab, &t);
    assert_non_null(strstr(flag_of(&t, "loopback")->text, "host and peer are both at 10.0.0.1"));
    trial_clear(&t);
    close_lab(&lab);
}

/* ---- over rounds, and of parallel streams ---- */

static struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    struct run_node *node = run_add_node(run);
    text_copy(node->name, sizeof node->name, "host");
    struct run_step *step = run_add_step(run);
    text_copy(step->name, sizeof step->name, "rr");
    return run;
}

static struct summary *summary_over(struct run *run)
{
    struct summary *summary = NULL;
    struct err e = { 0 };
    assert_true(summary_of(run, &summary, &e));
    assert_int_equal(summary->row_count, 1);
    return summary;
}

/* A slow round of many and a fast one of few: no mean of percentiles gives this. */
static void percentiles_over_rounds_are_those_of_all_transactions(void **unused)
{
    (void)unused;
    struct run *run = new_run();
    for (int round = 0; round < 3; round++) {
        struct lab *lab = open_lab(RAW_TRANSACTIONS, 0);
        struct trial *t = run_add_trial(run);
        add_end(lab, HOST, 0, true, 1, 2, 0, 2000);
        add_end(lab, PEER, 0, false, 1, 2, 0, 2000);
        pack_latencies(stream_of(lab, HOST), round == 0 ? (const int64_t[]){ 100 } : (const int64_t[]){ 50 }, 1,
                       round == 0 ? 9900 : 50);
        compute(lab, t);
        t->block = t->order = round;
        t->partial = round == 2; /* in no figure */
        close_lab(&lab);
    }
    struct summary *summary = summary_over(run);
    const struct summary_row *row = &summary->rows[0];
    assert_non_null(row->latencies);
    assert_int_equal(row->latencies->total, 9950);
    assert_true(fabs(hist_percentile(row->latencies, 0.5) - 100) < 1e-9);
    assert_true(fabs(hist_percentile(row->latencies, 0.001) - 50) < 1e-9);
    assert_int_equal(row->transactions.count, 2);
    summary_destroy(&summary);
    run_destroy(&run);
}

static void parallel_streams_add_up_over_the_time_in_which_all_ran(void **unused)
{
    (void)unused;
    struct run *run = new_run();
    struct lab *lab = open_lab(RAW_DATAGRAMS, 0);
    struct trial *t = run_add_trial(run);
    for (uint32_t flow = 0; flow < 3; flow++) { /* the last one comes late and goes on alone */
        int64_t from = flow == 2 ? 1000 : 0, to = flow == 2 ? 3000 : 2000;
        add_end(lab, HOST, flow, true, 10, 1000, from, to);
        add_end(lab, PEER, flow, false, flow == 2 ? 5 : 10, 1000, from, to);
    }
    compute(lab, t);
    struct summary *summary = summary_over(run);
    const struct summary_row *row = &summary->rows[0];
    assert_int_equal(row->throughput.count, 1);
    assert_true(fabs(row->throughput.median - (80 + 80 + 40) * 1e6) < 1e3);
    assert_true(fabs(row->sent.median - 240e6) < 1e3);
    assert_true(fabs(row->loss.median - 0.5 / 3) < 1e-6);
    assert_int_equal(summary->total_count, 1);
    assert_int_equal(summary->totals[0].streams, 3);
    assert_string_equal(summary->totals[0].unit, "bit/s");
    assert_true(fabs(summary->totals[0].least.median - 40e6) < 1e3);
    summary_destroy(&summary);
    close_lab(&lab);
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_those_of_the_end_that_asked),
        cmocka_unit_test(what_was_sent_and_did_not_arrive_is_lost),
        cmocka_unit_test(what_was_under_way_when_the_warm_up_ended_is_no_negative_loss),
        cmocka_unit_test(busy_is_told_as_we_count_it_and_as_netperf_does),
        cmocka_unit_test(a_peer_above_80_percent_of_a_core_a_flow_is_flagged),
        cmocka_unit_test(both_ends_at_one_address_are_flagged),
        cmocka_unit_test(percentiles_over_rounds_are_those_of_all_transactions),
        cmocka_unit_test(parallel_streams_add_up_over_the_time_in_which_all_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
