/* Who samples a trial tells all before its end, and leaves a flow alone that its crew gives back: a stock netserver's
 * trial was once sampled through a flow that was gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/sampler.h"
#include "flow_end.h"

enum { FLOW_BYTES = 4096, RELEASE_MS = 60 };

static int far_end;
static _Atomic bool is_given_back;

static bool prepare(struct part *p, struct err *e)
{
    int fds[2];
    p->flow_count = 1;
    p->flows[0].counts_acknowledged = true;
    p->flows[0].flow = flow_new(FLOW_BYTES, 0, e);
    connected_pair(fds);
    far_end = fds[1];
    flow_connect(p->flows[0].flow, &fds[0]);
    return true;
}

static bool approach(struct part *p, int64_t at_ns, struct err *e)
{
    (void)p, (void)at_ns, (void)e;
    return true;
}

/* Long enough to be sampled while it runs. */
static bool run(struct part_flow *f, struct err *e)
{
    (void)e;
    meter_add(&f->meter, FLOW_BYTES);
    sleep_ms(RELEASE_MS);
    return true;
}

static void end(struct part *p) { (void)p; }

/* As slow as a real one may be: the sampler passes in the middle of it. */
static void release(struct part *p)
{
    flow_destroy(&p->flows[0].flow);
    atomic_store(&is_given_back, true);
    sleep_ms(RELEASE_MS);
    close(far_end);
}

static const struct workload WORKLOAD = { .name = "net_stream",
                                          .part = PART_LOAD,
                                          .prepare = prepare,
                                          .approach = approach,
                                          .run = run,
                                          .stop = end,
                                          .abort = end,
                                          .release = release };
static const struct workload *const WORKLOADS[] = { &WORKLOAD, NULL };

static bool hears(struct trial *t, enum message_type type)
{
    struct message *m = malloc(sizeof *m);
    bool found = false;
    for (int i = 0; m && i < 2000 && !found; i++) {
        while (!found && trial_next(t, m))
            found = m->type == type;
        if (!found)
            sleep_ms(5);
    }
    free(m);
    return found;
}

/* Beside its own thread, and also where that reads no more: another part's flows may go on. */
static void read_now(struct trial *t)
{
    pthread_mutex_lock(&t->lock);
    sampler_read(t);
    pthread_mutex_unlock(&t->lock);
}

/* Armed, to begin in 20 ms. */
static struct trial *armed_trial(void)
{
    struct err e = { 0 };
    struct trial *t = NULL;
    struct message_prepare order = { .part = PART_LOAD, .token_size = MESSAGE_TOKEN };
    snprintf(order.workload, sizeof order.workload, "net_stream");
    union {
        struct net_stream_options net_stream;
        struct net_any_options any;
    } options;
    const struct schema *schema = catalogue_find("net_stream")->options;
    schema_defaults(schema, &options);
    assert_true(schema_pack(schema, &options, order.options, sizeof order.options, &e));
    assert_true(trial_new(1, WORKLOADS, NULL, &t, &e));
    assert_true(trial_prepare(t, &order, &e));
    assert_true(hears(t, MESSAGE_READY));
    const struct message_arm arm = { .at_ns = clock_raw_ns() + clock_ms(20) };
    atomic_store(&is_given_back, false);
    assert_true(trial_arm(t, &arm, &e));
    return t;
}

/* What is told of a flow: all of it before DONE, its last point the whole of what it did. */
static void test_points_are_told_before_the_end(void **state)
{
    (void)state;
    struct trial *t = armed_trial();
    struct message *m = malloc(sizeof *m);
    struct meter_point points[MESSAGE_POINTS] = { 0 };
    size_t count = 0;
    assert_non_null(m);
    for (int i = 0; i < 2000; i++) {
        while (trial_next(t, m) && m->type == MESSAGE_SAMPLE) {
            assert_true(meter_unpack(m->sample.points, m->sample.points_size, points, NULL));
            count = m->sample.points_size / METER_POINT_BYTES;
            assert_in_range(count, 1, SAMPLER_POINTS);
        }
        if (m->type == MESSAGE_DONE)
            break;
        sleep_ms(5);
    }
    assert_int_equal(m->type, MESSAGE_DONE);
    assert_in_range(count, 1, SAMPLER_POINTS);
    assert_true(points[count - 1].operations == 1);
    sleep_ms(RELEASE_MS);
    assert_false(trial_next(t, m));
    free(m);
    trial_destroy(&t);
}

static void test_flow_is_left_alone_once_it_is_given_back(void **state)
{
    (void)state;
    struct trial *t = armed_trial();
    for (int i = 0; i < 2000 && !atomic_load(&is_given_back); i++) {
        read_now(t);
        sleep_ms(5);
    }
    assert_true(atomic_load(&is_given_back));
    const uint64_t acknowledged = t->crews[0]->runners[0].acknowledged;
    for (int i = 0; i < 10; i++)
        read_now(t);
    assert_int_equal(t->crews[0]->runners[0].acknowledged, acknowledged);
    assert_int_equal(t->crews[0]->way, WAY_OVER);
    const bool was_early = t->around_before.mono_ns > 0; /* else the sampler was kept from running until T */
    assert_true(!was_early || hears(t, MESSAGE_AROUND)); /* what was stolen around T is told, once */
    assert_false(t->knows_around);
    trial_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_are_told_before_the_end),
        cmocka_unit_test(test_flow_is_left_alone_once_it_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
