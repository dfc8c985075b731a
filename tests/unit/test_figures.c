/* Trials made by hand: three nodes on clocks of their own, flows of exactly known rates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/text.h"
#include "result/figures.h"
#include "result/summary.h"

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

enum { HOST, GUEST, PEER, NODES };

static const int64_t AT = 5000 * S; /* T, on the coordinator's clock */
static const int64_t POINT_EVERY = 10 * MS;

struct clock {
    int64_t ahead_ns, ppm; /* at the coordinator's 0, and how much faster it runs */
};

static const struct clock CLOCKS[NODES] = { { 3600 * S, 20 }, { -77 * S - 12345, -300 }, { 123456789, 0 } };

struct lab {
    struct raw_trial raw;
    struct clock clocks[NODES];
    struct bounds *bounds[NODES];
};

/* What the node's clock reads when the coordinator's reads `c`; exact for whole milliseconds. */
static int64_t node_at(const struct lab *lab, int node, int64_t c)
{
    return c + lab->clocks[node].ahead_ns + c / 1000000 * lab->clocks[node].ppm;
}

/* Probes from 2 s before T until 5 s after it, whose two ways take the same 10 us. */
static void probe(struct lab *lab, int node, int64_t from, int64_t to)
{
    struct err e = { 0 };
    for (int64_t c = from; c <= to; c += 50 * MS) {
        int64_t there = node_at(lab, node, c);
        if (!bounds_add(lab->bounds[node], c - 10000, there, there, c + 10000, &e))
            fail_msg("%s", e.text);
    }
}

static struct lab *open_lab(int64_t warmup_ns)
{
    static const char *const NAMES[NODES] = { "host", "guest", "peer" };
    struct lab *lab = calloc(1, sizeof *lab);
    assert_non_null(lab);
    memcpy(lab->clocks, CLOCKS, sizeof CLOCKS);
    lab->raw = (struct raw_trial){ .at_ns = AT, .warmup_ns = warmup_ns, .length_ns = 2 * S, .tolerance_ns = 100000 };
    lab->raw.nodes = calloc(NODES, sizeof *lab->raw.nodes);
    lab->raw.node_count = NODES;
    assert_non_null(lab->raw.nodes);
    for (int i = 0; i < NODES; i++) {
        struct raw_node *n = &lab->raw.nodes[i];
        n->bounds = lab->bounds[i] = bounds_new(BOUNDS_WANDER_PPM);
        assert_non_null(n->bounds);
        text_copy(n->name, sizeof n->name, NAMES[i]);
        text_copy(n->boot_id, sizeof n->boot_id, NAMES[i]);
        n->at_ns = node_at(lab, i, AT);
        n->probes = 140;
        n->stamps = STAMP_BOTH;
        probe(lab, i, AT - 2 * S, AT + 5 * S);
    }
    return lab;
}

static void close_lab(struct lab **lab)
{
    for (int i = 0; i < NODES; i++)
        bounds_destroy(&(*lab)->bounds[i]);
    raw_clear(&(*lab)->raw);
    free(*lab);
    *lab = NULL;
}

/* A flow of one byte a ns (8 Gbit/s): from `first` ms after T the bytes leave, until `last` ms they
 * arrive, all at the same time; the sender knows of the end 1 ms later. */
struct flow_of {
    int node, job, flow;
    bool load_sends;
    int64_t first_ms, last_ms;
};

static const double RATE = 8e9;

static struct raw_end *add_end(struct lab *lab, const struct flow_of *f, bool is_load)
{
    bool sends = f->load_sends == is_load;
    int node = is_load ? f->node : PEER, other = is_load ? PEER : f->node;
    struct raw_end *end = raw_add_end(&lab->raw, (size_t)node, (size_t)other, is_load ? STREAM_LOAD : STREAM_WITNESS,
                                      (uint32_t)f->job, (uint32_t)f->flow);
    assert_non_null(end);
    int64_t first = AT + f->first_ms * MS, last = AT + f->last_ms * MS;
    end->is_over = true;
    end->stream = (struct message_stream){ .sends = sends,
                                           .gate = "fifo",
                                           .first_op_ns = node_at(lab, node, first),
                                           .last_op_ns = node_at(lab, node, sends ? last + MS : last),
                                           .bytes = last - first,
                                           .operations = 1,
                                           .retransmits = sends ? 7 : 99,
                                           .rtt_us = sends ? 500 : 99,
                                           .min_rtt_us = sends ? 250 : 0 };
    for (int64_t c = AT + POINT_EVERY; c < last; c += POINT_EVERY) {
        struct meter_point p = { node_at(lab, node, c), c > first ? (uint64_t)(c - first) : 0, 1 };
        unsigned char blob[METER_POINT_BYTES];
        struct err e = { 0 };
        meter_pack(&p, 1, blob);
        assert_true(raw_add_points(end, blob, sizeof blob, &e));
    }
    return end;
}

static void add_flow(struct lab *lab, struct flow_of f)
{
    add_end(lab, &f, true);
    add_end(lab, &f, false);
}

static void compute(const struct lab *lab, struct trial *t)
{
    struct err e = { 0 };
    *t = (struct trial){ 0 };
    if (!figures_compute(&lab->raw, t, &e))
        fail_msg("%s", e.text);
}

static const struct stream *load_of(const struct trial *t, const char *node, int nth)
{
    for (size_t i = 0; i < t->stream_count; i++)
        if (t->streams[i].role == STREAM_LOAD && strcmp(t->streams[i].node, node) == 0 && nth-- == 0)
            return &t->streams[i];
    fail_msg("no stream of %s", node);
    return NULL;
}

static void figure_is(const struct stream *s, const char *name, enum window window, enum figure_clock clock,
                      double expected)
{
    const struct figure *f = stream_figure(s, name, window, clock);
    if (!f)
        fail_msg("no %s of %s", name, s->node);
    if (fabs(f->value - expected) > 1e-7 * fabs(expected))
        fail_msg("%s of %s is %.9g, not %.9g", name, s->node, f->value, expected);
}

#define WHOLE(s, expected) figure_is(s, "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR, expected)
#define COMMON(s, expected) figure_is(s, "throughput", WINDOW_COMMON, FIGURE_ON_COORDINATOR, expected)

static const struct flag *flag_of(const struct trial *t, const char *kind)
{
    for (size_t i = 0; i < t->flag_count; i++)
        if (strcmp(t->flags[i].kind, kind) == 0)
            return &t->flags[i];
    return NULL;
}

static void a_sender_is_timed_until_the_peer_has_read_all(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2000 });
    compute(lab, &t);
    const struct stream *s = load_of(&t, "host", 0);
    WHOLE(s, RATE * 1999 / 2000); /* the millisecond of the drain counts */
    figure_is(s, "bytes", WINDOW_WHOLE, FIGURE_ON_COORDINATOR, 1999 * 1e6);
    assert_string_equal(s->direction, "send");
    assert_true(s->operates);
    assert_int_equal(t.stream_count, 2);
    trial_clear(&t);
    close_lab(&lab);
}

static void a_receiver_is_timed_from_the_peers_first_operation(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ GUEST, 0, 0, false, 3, 1003 });
    compute(lab, &t);
    const struct stream *s = load_of(&t, "guest", 0);
    WHOLE(s, RATE);
    figure_is(s, "bytes", WINDOW_WHOLE, FIGURE_ON_COORDINATOR, 1e9);
    assert_string_equal(s->direction, "receive");
    assert_false(s->operates);
    trial_clear(&t);
    close_lab(&lab);
}

static void with_a_warm_up_the_window_begins_at_its_end(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(500 * MS);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2500 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, false, 100, 2500 });
    compute(lab, &t);
    WHOLE(load_of(&t, "host", 0), RATE * 2000 / 2001);
    figure_is(load_of(&t, "host", 0), "bytes", WINDOW_WHOLE, FIGURE_ON_COORDINATOR, 2e9);
    WHOLE(load_of(&t, "guest", 0), RATE);
    trial_clear(&t);
    close_lab(&lab);
}

static void nothing_is_measured_in_a_trial_shorter_than_its_warm_up(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(3 * S);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2500 });
    compute(lab, &t);
    assert_null(stream_figure(load_of(&t, "host", 0), "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR));
    assert_null(stream_figure(load_of(&t, "host", 0), "throughput", WINDOW_COMMON, FIGURE_ON_COORDINATOR));
    trial_clear(&t);
    close_lab(&lab);
}

/* Both directions at once, on two nodes: what each did while all four flows ran. */
static void the_common_window_is_when_all_flows_ran(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2000 });
    add_flow(lab, (struct flow_of){ HOST, 0, 1, false, 10, 1990 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 400, 3000 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 1, false, 2, 1800 });
    compute(lab, &t);
    for (int nth = 0; nth < 2; nth++) {
        COMMON(load_of(&t, "host", nth), RATE); /* from 400 to 1800 ms every one ran at full rate */
        COMMON(load_of(&t, "guest", nth), RATE);
    }
    WHOLE(load_of(&t, "guest", 0), RATE * 2600 / 2601);
    assert_null(stream_figure(load_of(&t, "host", 0), "bytes", WINDOW_COMMON, FIGURE_ON_COORDINATOR));
    trial_clear(&t);
    close_lab(&lab);
}

static void flows_that_never_ran_together_have_no_common_figure(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 1000 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 1100, 2000 });
    compute(lab, &t);
    assert_null(stream_figure(load_of(&t, "host", 0), "throughput", WINDOW_COMMON, FIGURE_ON_COORDINATOR));
    assert_non_null(stream_figure(load_of(&t, "host", 0), "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR));
    trial_clear(&t);
    close_lab(&lab);
}

static void a_slow_clock_shows_in_the_own_figure_alone(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ GUEST, 0, 0, false, 3, 2003 });
    compute(lab, &t);
    const struct stream *s = load_of(&t, "guest", 0);
    WHOLE(s, RATE);
    figure_is(s, "throughput", WINDOW_WHOLE, FIGURE_ON_OWN, RATE / (1 - 300e-6));
    assert_int_equal(t.clock_count, NODES);
    for (size_t i = 0; i < t.clock_count; i++) {
        const struct clock_fit *c = &t.clocks[i];
        assert_true(fabs(c->ppm - (double)CLOCKS[i].ppm) <= c->ppm_bound + 0.1);
        int64_t offset = node_at(lab, (int)i, AT) - AT;
        assert_true(llabs(c->offset_ns - offset) <= c->bound_ns);
        assert_in_range(c->bound_ns, 1, 10100);
        assert_int_equal(c->probes, 140);
    }
    trial_clear(&t);
    close_lab(&lab);
}

static void drop_points(struct raw_end *end, struct random *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < end->point_count; i++)
        if (random_below(r, 10) == 0)
            end->points[kept++] = end->points[i];
    end->point_count = kept;
}

static void lost_samples_cost_nothing(void **unused)
{
    (void)unused;
    struct random r = { 11 };
    for (int round = 0; round < 50; round++) {
        bool has_warmup = round % 2;
        struct lab *lab = open_lab(has_warmup ? 500 * MS : 0);
        struct trial before, after;
        add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2000 });
        add_flow(lab, (struct flow_of){ GUEST, 1, 0, false, 1, 2000 });
        compute(lab, &before);
        for (size_t i = 0; i < lab->raw.end_count; i++)
            drop_points(&lab->raw.ends[i], &r);
        if (round == 0)
            for (size_t i = 0; i < lab->raw.end_count; i++)
                lab->raw.ends[i].point_count = 0; /* all of them */
        compute(lab, &after);
        for (size_t i = 0; i < before.stream_count; i++) {
            const struct stream *b = &before.streams[i], *a = &after.streams[i];
            const struct figure *f = stream_figure(b, "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
            if (!f)
                continue;
            const struct figure *g = stream_figure(a, "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
            assert_non_null(g);
            if (has_warmup)
                assert_true(fabs(g->value - f->value) < 1e-3 * f->value); /* a steady rate's line is the same */
            else
                assert_true(memcmp(&g->value, &f->value, sizeof f->value) == 0); /* not one bit */
        }
        trial_clear(&before);
        trial_clear(&after);
        close_lab(&lab);
    }
}

static void a_clock_that_stepped_is_flagged_and_proves_nothing(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 0, 2000 });
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_TOGETHER);
    assert_null(flag_of(&t, CLOCK_FAULT));
    trial_clear(&t);
    lab->clocks[GUEST].ahead_ns += 5 * MS;
    probe(lab, GUEST, AT + 6 * S, AT + 7 * S);
    compute(lab, &t);
    const struct flag *flag = flag_of(&t, CLOCK_FAULT);
    assert_non_null(flag);
    /* Node, moment and size: 5 ms, less what 10 us each way leave open. */
    assert_string_equal(
        flag->text, "guest: its clock stepped or changed its rate: seen 6.003 s after T, 4.98 ms beyond "
                    "what its probes until then allow with a wander of 1 ppm; on the coordinator's clock figures are "
                    "estimates");
    assert_int_equal(t.verdict, VERDICT_UNPROVEN);
    /* The step came when all was over: the estimate is by the probes before it. */
    const struct stream *s = load_of(&t, "guest", 0);
    WHOLE(s, RATE * 2000 / 2001);
    figure_is(s, "throughput", WINDOW_WHOLE, FIGURE_ON_OWN, RATE * 2000 / 2001 / (1 - 300e-6));
    assert_true(s->first_op_ns == 0 && s->last_op_ns == 0 && s->own_first_op_ns != 0);
    WHOLE(load_of(&t, "host", 0), RATE * 2000 / 2001); /* the others' figures stand */
    assert_int_equal(t.clock_count, NODES - 1);
    trial_clear(&t);
    close_lab(&lab);
}

/* In the middle of the work: on the coordinator's clock by what was heard before and after it, by its own too long. */
static void a_clock_that_steps_in_mid_trial_spoils_its_own_figure_alone(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    for (int i = 0; i < NODES; i++)
        bounds_reset(lab->bounds[i], BOUNDS_WANDER_PPM);
    probe(lab, HOST, AT - 2 * S, AT + 5 * S);
    probe(lab, PEER, AT - 2 * S, AT + 5 * S);
    probe(lab, GUEST, AT - 2 * S, AT + S);
    struct raw_end *end = NULL;
    add_flow(lab, (struct flow_of){ GUEST, 0, 0, true, 0, 2000 });
    for (size_t i = 0; i < lab->raw.end_count; i++)
        if (lab->raw.ends[i].node == GUEST)
            end = &lab->raw.ends[i];
    assert_non_null(end);
    lab->clocks[GUEST].ahead_ns += 50 * MS; /* 1 s after T: every later reading is ahead by as much */
    end->stream.last_op_ns += 50 * MS;
    for (size_t i = 0; i < end->point_count; i++)
        if (end->points[i].raw_ns > node_at(lab, GUEST, AT + S) - 50 * MS)
            end->points[i].raw_ns += 50 * MS;
    probe(lab, GUEST, AT + S + 20 * MS, AT + 5 * S);
    compute(lab, &t);
    const struct stream *s = load_of(&t, "guest", 0);
    WHOLE(s, RATE * 2000 / 2001);
    figure_is(s, "throughput", WINDOW_WHOLE, FIGURE_ON_OWN, RATE * 2000 / (2001 * (1 - 300e-6) + 50));
    assert_non_null(flag_of(&t, CLOCK_FAULT));
    assert_int_equal(t.verdict, VERDICT_UNPROVEN);
    struct run run = { 0 };
    t.kind = TRIAL_MEASURE_KIND;
    assert_false(summary_uses(&run, &t)); /* in no comparison */
    trial_clear(&t);
    close_lab(&lab);
}

/* One node alone has told its first operation, but nobody knows when that was. */
static void a_start_by_a_clock_that_stepped_is_unproven(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ GUEST, 0, 0, true, 0, 2000 });
    lab->clocks[GUEST].ahead_ns += 5 * MS;
    probe(lab, GUEST, AT + 6 * S, AT + 7 * S);
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_UNPROVEN);
    trial_clear(&t);
    close_lab(&lab);
}

static void a_clock_that_surely_runs_off_by_more_than_the_limit_is_flagged(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ GUEST, 0, 0, true, 0, 2000 });
    compute(lab, &t);
    const struct clock_fit *fit = NULL;
    for (size_t i = 0; i < t.clock_count; i++)
        if (strcmp(t.clocks[i].node, "guest") == 0)
            fit = &t.clocks[i];
    assert_non_null(fit);
    double runs = fabs(fit->ppm), bound = fit->ppm_bound;
    assert_true(runs > 2 * bound && bound > 0);
    trial_clear(&t);
    const struct {
        double limit;
        bool is_flagged;
    } CASES[] = { { runs + 1, false }, { runs - bound / 2, false }, { runs - bound - 1, true }, { 0, false } };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        lab->raw.clock_limit_ppm = CASES[i].limit;
        compute(lab, &t);
        const struct flag *flag = NULL;
        for (size_t k = 0; k < t.flag_count; k++)
            if (strcmp(t.flags[k].kind, "clock") == 0 && strncmp(t.flags[k].text, "guest", 5) == 0)
                flag = &t.flags[k];
        assert_int_equal(flag != NULL, CASES[i].is_flagged);
        if (flag)
            assert_true(fabs(flag->limit - CASES[i].limit) < 1e-9 && fabs(fabs(flag->value) - runs) < 1e-9);
        trial_clear(&t);
    }
    close_lab(&lab);
}

/* ---- the second witness ---- */

/* Host sends from T on; the peer's kernel has the first bytes so much later. */
static void receive_after(struct lab *lab, int64_t ns, struct trial *t)
{
    const struct flow_of flow = { HOST, 0, 0, true, 0, 2000 };
    add_end(lab, &flow, true);
    add_end(lab, &flow, false)->stream.arrived_ns = node_at(lab, PEER, AT + ns);
    compute(lab, t);
}

static void an_arrival_is_told_on_the_coordinators_clock(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    receive_after(lab, 40000, &t);
    assert_int_equal(t.verdict, VERDICT_SINGLE);
    assert_int_equal(t.flag_count, 0);
    assert_int_equal(t.streams[0].arrived_ns, 0);
    assert_in_range(t.streams[1].arrived_ns, AT + 40000 - t.streams[1].arrived_bound_ns,
                    AT + 40000 + t.streams[1].arrived_bound_ns);
    assert_in_range(t.streams[1].arrived_bound_ns, 1, 20000);
    trial_clear(&t);
    close_lab(&lab);
}

static void bytes_that_arrived_before_they_were_sent_contradict_the_sender(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    receive_after(lab, -5 * MS, &t);
    const struct flag *flag = flag_of(&t, "witness");
    assert_non_null(flag);
    assert_int_equal(flag->stream, 0);
    assert_true(strstr(flag->text, "the kernel of peer had the first bytes at least 4.9") != NULL);
    assert_true(strstr(flag->text, "before host says that it sent them") != NULL);
    assert_true(flag->value > 0.0049 && flag->value < 0.005);
    assert_int_equal(t.verdict, VERDICT_UNPROVEN);
    trial_clear(&t);
    close_lab(&lab);
}

/* Both bounds, of 10 us each, would have to be wrong before this is one. */
static void an_arrival_within_the_bounds_contradicts_nothing(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    receive_after(lab, -15000, &t);
    assert_null(flag_of(&t, "witness"));
    assert_int_equal(t.verdict, VERDICT_SINGLE);
    trial_clear(&t);
    close_lab(&lab);
}

static void a_start_is_judged_by_those_who_send(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_SINGLE);
    trial_clear(&t);
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 5, 2000 });
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_LATE);
    assert_string_equal(t.late, "guest");
    assert_int_equal(t.skew_count, 1);
    assert_true(llabs(llabs(t.skews[0].ns) - 5 * MS) <= t.skews[0].bound_ns);
    trial_clear(&t);
    close_lab(&lab);
    lab = open_lab(0); /* the peer sends to both: its first operations are those that count */
    add_flow(lab, (struct flow_of){ HOST, 0, 0, false, 0, 2000 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, false, 7, 2000 });
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_LATE);
    assert_string_equal(t.late, "peer");
    trial_clear(&t);
    close_lab(&lab);
}

static void a_start_that_was_never_told_leaves_the_rest_unproven(void **unused)
{
    (void)unused;
    for (int both = 0; both < 2; both++) {
        struct lab *lab = open_lab(0);
        struct trial t;
        add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
        add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 0, 2000 });
        raw_end(&lab->raw, GUEST, 1, 0)->is_over = false; /* its agent was killed */
        if (both)
            raw_end(&lab->raw, PEER, 1, 0)->is_over = false;
        compute(lab, &t);
        assert_int_equal(t.verdict, VERDICT_UNPROVEN);
        trial_clear(&t);
        close_lab(&lab);
    }
}

static void what_an_end_did_not_report_is_no_figure(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 1, 2000 });
    raw_end(&lab->raw, PEER, 0, 0)->is_over = false;
    compute(lab, &t);
    const struct stream *s = load_of(&t, "host", 0);
    assert_null(stream_figure(s, "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR));
    assert_non_null(stream_figure(s, "retransmits", WINDOW_WHOLE, FIGURE_ON_OWN));
    assert_int_equal(t.stream_count, 2);
    assert_true(s->point_count > 100); /* what did come is kept */
    trial_clear(&t);
    close_lab(&lab);
    lab = open_lab(0);
    compute(lab, &t);
    assert_int_equal(t.verdict, VERDICT_NONE);
    trial_clear(&t);
    close_lab(&lab);
}

static void tcps_word_is_the_senders(void **unused)
{
    (void)unused;
    for (int sends = 0; sends < 2; sends++) {
        struct lab *lab = open_lab(0);
        struct trial t;
        add_flow(lab, (struct flow_of){ HOST, 0, 0, sends, 1, 2000 });
        compute(lab, &t);
        const struct stream *s = load_of(&t, "host", 0);
        figure_is(s, "retransmits", WINDOW_WHOLE, FIGURE_ON_OWN, 7);
        figure_is(s, "rtt", WINDOW_WHOLE, FIGURE_ON_OWN, 500e-6);
        figure_is(s, "rtt_min", WINDOW_WHOLE, FIGURE_ON_OWN, 250e-6);
        trial_clear(&t);
        close_lab(&lab);
    }
}

static void done(struct lab *lab, int node, int64_t machine_ns, int64_t process_ns)
{
    lab->raw.nodes[node].is_done = true;
    lab->raw.nodes[node].done = (struct message_done){
        .cpus = 2, .wall_ns = 2 * S, .machine_used_ns = machine_ns, .process_used_ns = process_ns
    };
}

static void cpu_is_the_machines_where_a_node_is_alone_and_its_own_where_they_share(void **unused)
{
    (void)unused;
    for (int shared = 0; shared < 2; shared++) {
        struct lab *lab = open_lab(0);
        struct trial t;
        add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });  /* 2 GB */
        add_flow(lab, (struct flow_of){ HOST, 0, 1, false, 0, 2000 }); /* and 2 more */
        done(lab, HOST, 3 * S, 1 * S);
        done(lab, PEER, 2 * S, S / 2);
        if (shared)
            text_copy(lab->raw.nodes[PEER].boot_id, sizeof lab->raw.nodes[PEER].boot_id, "host");
        compute(lab, &t);
        const struct stream *s = load_of(&t, "host", 0);
        figure_is(s, "cpu_node", WINDOW_WHOLE, FIGURE_ON_OWN, (shared ? 1.0 : 3.0) / 4);
        figure_is(s, "cpu_peer", WINDOW_WHOLE, FIGURE_ON_OWN, (shared ? 0.5 : 2.0) / 4);
        assert_int_equal(t.cost_count, 4); /* both scopes of both, whichever the figure took */
        trial_clear(&t);
        /* Unknown boots are nobody's. */
        lab->raw.nodes[HOST].boot_id[0] = lab->raw.nodes[PEER].boot_id[0] = '\0';
        compute(lab, &t);
        figure_is(load_of(&t, "host", 0), "cpu_node", WINDOW_WHOLE, FIGURE_ON_OWN, 3.0 / 4);
        trial_clear(&t);
        close_lab(&lab);
    }
}

static void without_the_word_of_the_machine_there_is_no_cpu_figure(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
    done(lab, HOST, 3 * S, 1 * S);
    compute(lab, &t);
    assert_non_null(stream_figure(load_of(&t, "host", 0), "cpu_node", WINDOW_WHOLE, FIGURE_ON_OWN));
    assert_null(stream_figure(load_of(&t, "host", 0), "cpu_peer", WINDOW_WHOLE, FIGURE_ON_OWN));
    assert_int_equal(t.cost_count, 2);
    trial_clear(&t);
    close_lab(&lab);
}

static void errors_that_a_network_card_counted_are_told(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
    struct trial t;
    lab->raw.nodes[PEER].is_done = true;
    text_copy(lab->raw.nodes[PEER].done.link_errors, sizeof lab->raw.nodes[PEER].done.link_errors,
              "eth0: 12 collisions");
    compute(lab, &t);
    const struct flag *flag = flag_of(&t, "link_errors");
    assert_non_null(flag);
    assert_string_equal(flag->text, "peer: during the trial eth0: 12 collisions: does one end of the wire think that "
                                    "it is half duplex?");
    trial_clear(&t);
    close_lab(&lab);
}

static void a_wall_clock_that_was_moved_is_told_and_changes_nothing(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 2000 });
    lab->raw.nodes[HOST].wall_moves = 2;
    compute(lab, &t);
    const struct flag *flag = flag_of(&t, "wall_clock");
    assert_non_null(flag);
    assert_true(fabs(flag->value - 2) < 1e-9);
    assert_int_equal(t.verdict, VERDICT_SINGLE);
    assert_int_equal(t.flag_count, 1);
    trial_clear(&t);
    close_lab(&lab);
}

static void a_link_that_was_silent_for_over_a_second_is_flagged(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct trial t;
    lab->raw.nodes[GUEST].worst_gap_ns = 1 * S;
    compute(lab, &t);
    assert_null(flag_of(&t, "link"));
    trial_clear(&t);
    lab->raw.nodes[GUEST].worst_gap_ns = 2500 * MS;
    compute(lab, &t);
    const struct flag *flag = flag_of(&t, "link");
    assert_non_null(flag);
    assert_string_equal(flag->text, "guest was not heard for 2.5 s during the trial");
    assert_true(fabs(flag->value - 2.5) < 1e-9 && fabs(flag->limit - 1) < 1e-9);
    assert_int_equal(t.flag_count, 1);
    trial_clear(&t);
    close_lab(&lab);
}

/* ---- the raw counters ---- */

static void bytes_between_points_are_in_proportion(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    add_flow(lab, (struct flow_of){ HOST, 0, 0, false, 0, 2000 });
    struct raw_end *end = raw_end(&lab->raw, HOST, 0, 0);
    assert_true(raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, AT - S)) <= 0);
    assert_true(raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, AT)) <= 0);
    assert_true(fabs(raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, AT + 15 * MS)) - 15e6) < 1000);
    assert_true(fabs(raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, AT + 1995 * MS)) - 1995e6) < 1000);
    assert_true(fabs(raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, AT + 2000 * MS)) - 2e9) < 1);
    assert_true(fabs(raw_count_at(&lab->raw, end, RAW_BYTES, INT64_MAX) - 2e9) < 1);
    close_lab(&lab);
}

/* Whatever an agent claims at the end, counters never go back, nor beyond what it said. */
static void bytes_grow_with_time_whatever_an_agent_reports(void **unused)
{
    (void)unused;
    struct random r = { 12 };
    for (int round = 0; round < 200; round++) {
        struct lab *lab = open_lab(0);
        struct trial t;
        add_flow(lab, (struct flow_of){ HOST, 0, 0, false, 0, 100 });
        struct raw_end *end = raw_end(&lab->raw, HOST, 0, 0);
        end->stream.bytes = (int64_t)(random_next(&r) >> (1 + random_below(&r, 63)));
        end->stream.last_op_ns = (int64_t)(random_next(&r) >> (1 + random_below(&r, 63)));
        double before = 0;
        for (int64_t c = AT - 50 * MS; c < AT + 300 * MS; c += MS / 3 * 7) {
            double bytes = raw_count_at(&lab->raw, end, RAW_BYTES, node_at(lab, HOST, c));
            assert_true(bytes >= before);
            before = bytes;
        }
        compute(lab, &t);
        for (size_t i = 0; i < t.streams[0].figure_count; i++)
            assert_true(t.streams[0].figures[i].value >= 0);
        trial_clear(&t);
        close_lab(&lab);
    }
}

static bool add_points(struct raw_end *end, const struct meter_point *points, size_t count)
{
    unsigned char blob[8 * METER_POINT_BYTES];
    struct err e = { 0 };
    meter_pack(points, count, blob);
    return raw_add_points(end, blob, count * METER_POINT_BYTES, &e);
}

static void points_must_follow_on_those_before(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    struct raw_end *end = raw_add_end(&lab->raw, HOST, PEER, STREAM_LOAD, 0, 0);
    struct err e = { 0 };
    assert_true(add_points(end, (struct meter_point[]){ { 10, 10, 10 }, { 20, 20, 20 } }, 2));
    assert_true(add_points(end, NULL, 0));
    assert_false(add_points(end, (struct meter_point[]){ { 19, 30, 30 } }, 1));
    assert_false(add_points(end, (struct meter_point[]){ { 30, 19, 30 } }, 1));
    assert_false(add_points(end, (struct meter_point[]){ { 30, 30, 19 } }, 1));
    assert_false(add_points(end, (struct meter_point[]){ { 30, 30, 30 }, { 29, 31, 31 } }, 2));
    assert_false(raw_add_points(end, (const unsigned char *)"0123456789", 10, &e));
    assert_int_equal(end->point_count, 2);
    assert_int_equal(end->points[1].raw_ns, 20);
    assert_true(add_points(end, (struct meter_point[]){ { 20, 20, 20 }, { 30, 30, 30 } }, 2));
    assert_int_equal(end->point_count, 4);
    close_lab(&lab);
}

static void ends_are_found_by_node_job_and_flow_and_are_not_without_number(void **unused)
{
    (void)unused;
    struct lab *lab = open_lab(0);
    add_flow(lab, (struct flow_of){ HOST, 0, 0, true, 0, 20 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 0, true, 0, 20 });
    add_flow(lab, (struct flow_of){ GUEST, 1, 1, false, 0, 20 });
    const struct raw_end *end = raw_end(&lab->raw, GUEST, 1, 1);
    assert_int_equal(end->flow, 1);
    const struct raw_end *other = raw_opposite(&lab->raw, end);
    assert_int_equal(other->node, PEER);
    assert_int_equal(other->job, 1);
    assert_int_equal(other->flow, 1);
    assert_ptr_equal(raw_opposite(&lab->raw, other), end);
    assert_null(raw_end(&lab->raw, HOST, 1, 0));
    assert_null(raw_end(&lab->raw, HOST, 0, 1));
    uint32_t flow = 0;
    while (flow < 100000 && raw_add_end(&lab->raw, HOST, PEER, STREAM_LOAD, 9, flow))
        flow++;
    assert_in_range(flow, 1000, 99999); /* an agent cannot make up flows for ever */
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_is_timed_until_the_peer_has_read_all),
        cmocka_unit_test(a_receiver_is_timed_from_the_peers_first_operation),
        cmocka_unit_test(with_a_warm_up_the_window_begins_at_its_end),
        cmocka_unit_test(nothing_is_measured_in_a_trial_shorter_than_its_warm_up),
        cmocka_unit_test(the_common_window_is_when_all_flows_ran),
        cmocka_unit_test(flows_that_never_ran_together_have_no_common_figure),
        cmocka_unit_test(a_slow_clock_shows_in_the_own_figure_alone),
        cmocka_unit_test(lost_samples_cost_nothing),
        cmocka_unit_test(a_clock_that_stepped_is_flagged_and_proves_nothing),
        cmocka_unit_test(a_clock_that_steps_in_mid_trial_spoils_its_own_figure_alone),
        cmocka_unit_test(a_start_by_a_clock_that_stepped_is_unproven),
        cmocka_unit_test(a_clock_that_surely_runs_off_by_more_than_the_limit_is_flagged),
        cmocka_unit_test(an_arrival_is_told_on_the_coordinators_clock),
        cmocka_unit_test(bytes_that_arrived_before_they_were_sent_contradict_the_sender),
        cmocka_unit_test(an_arrival_within_the_bounds_contradicts_nothing),
        cmocka_unit_test(a_start_is_judged_by_those_who_send),
        cmocka_unit_test(a_start_that_was_never_told_leaves_the_rest_unproven),
        cmocka_unit_test(what_an_end_did_not_report_is_no_figure),
        cmocka_unit_test(tcps_word_is_the_senders),
        cmocka_unit_test(cpu_is_the_machines_where_a_node_is_alone_and_its_own_where_they_share),
        cmocka_unit_test(without_the_word_of_the_machine_there_is_no_cpu_figure),
        cmocka_unit_test(errors_that_a_network_card_counted_are_told),
        cmocka_unit_test(a_wall_clock_that_was_moved_is_told_and_changes_nothing),
        cmocka_unit_test(a_link_that_was_silent_for_over_a_second_is_flagged),
        cmocka_unit_test(bytes_between_points_are_in_proportion),
        cmocka_unit_test(bytes_grow_with_time_whatever_an_agent_reports),
        cmocka_unit_test(points_must_follow_on_those_before),
        cmocka_unit_test(ends_are_found_by_node_job_and_flow_and_are_not_without_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
