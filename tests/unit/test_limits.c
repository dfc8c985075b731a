/* Known truths: what a wire carries by its standard, and who is at the end of its strength. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compared_run.h"
#include "result/limits.h"

static void near_to(double is, double wanted)
{
    if (!(fabs(is - wanted) <= 1e-4 * fabs(wanted)))
        fail_msg("%.6g instead of %.6g", is, wanted);
}

/* ---- what a frame carries ---- */

static void a_full_frame_carries_what_its_headers_leave(void **unused)
{
    (void)unused;
    static const struct {
        struct wire_frame frame;
        int payload;
    } FRAMES[] = {
        { { 1500, false, true, WIRE_TCP }, 1448 },  { { 1500, false, false, WIRE_TCP }, 1460 },
        { { 1500, true, true, WIRE_TCP }, 1428 },   { { 9000, false, true, WIRE_TCP }, 8948 },
        { { 1500, false, false, WIRE_UDP }, 1472 }, { { 1500, true, false, WIRE_UDP }, 1452 },
        { { 30, false, true, WIRE_TCP }, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(FRAMES); i++)
        assert_int_equal(wire_payload(&FRAMES[i].frame), FRAMES[i].payload);
}

static void a_wire_carries_what_the_standard_says(void **unused)
{
    (void)unused;
    const struct wire_frame v4 = { 1500, false, true, WIRE_TCP }, jumbo = { 9000, false, true, WIRE_TCP };
    const struct wire_frame v6 = { 1500, true, true, WIRE_TCP }, udp = { 1500, false, false, WIRE_UDP };
    near_to(wire_ceiling(&v4, 100e6, WIRE_FRAME_BYTES, false), 94.1482e6); /* 100BASE-TX */
    near_to(wire_ceiling(&v4, 1e9, WIRE_FRAME_BYTES, false), 941.482e6);   /* what iperf shows of 1000BASE-T */
    near_to(wire_ceiling(&v6, 1e9, WIRE_FRAME_BYTES, false), 928.479e6);
    near_to(wire_ceiling(&jumbo, 1e9, WIRE_FRAME_BYTES, false), 990.042e6);
    near_to(wire_ceiling(&udp, 1e9, WIRE_FRAME_BYTES, false), 957.087e6);
    near_to(wire_ceiling(&v4, 100e6, WIRE_HEADER_BYTES + 24, false), 94.1482e6); /* the lab's shaper */
    near_to(wire_ceiling(&v4, 100e6, WIRE_HEADER_BYTES, false), 95.6407e6);      /* ... without its overhead */
    near_to(wire_ceiling(&v4, 100e6, WIRE_FRAME_BYTES, true), 91.472e6);         /* and acknowledgements of 90 bytes */
    near_to(wire_ceiling(&udp, 1e9, WIRE_FRAME_BYTES, true), 957.087e6);         /* which UDP has none of */
}

/* ---- the way ---- */

static void way(const struct run *run, const char *from, const char *to, struct wire *wire)
{
    struct facts *facts = NULL;
    struct err e = { 0 };
    assert_true(facts_of(run, &facts, &e));
    wire_between(run, facts, from, to, WIRE_TCP, wire);
    facts_destroy(&facts);
    assert_null(facts);
}

static void behind_a_bridge_is_its_port(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct wire wire;
    way(run, "host", "peer", &wire);
    assert_int_equal(wire.count, 1);
    assert_string_equal(wire.links[0].node, "host");
    assert_string_equal(wire.links[0].device, "eth0"); /* not the tap */
    assert_true(wire.links[0].is_shaped && wire.links[0].sends);
    near_to(wire.links[0].bits_per_s, 100e6);
    assert_int_equal(wire.links[0].extra, 38);
    assert_int_equal(wire.frame.mtu, 1500);
    run_destroy(&run);
}

static void a_guest_goes_through_its_hosts_port(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct wire wire;
    way(run, "guest", "peer", &wire);
    assert_int_equal(wire.count, 1);
    assert_string_equal(wire.links[0].node, "host");
    way(run, "peer", "guest", &wire); /* what the peer sends, its own port shapes */
    assert_int_equal(wire.count, 1);
    assert_string_equal(wire.links[0].node, "peer");
    run_destroy(&run);
}

static void the_speed_of_a_card_counts_at_both_ends(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct wire wire;
    set_facts(
        run, PEER,
        "{\"tcp_timestamps\": 0, \"links\": [{\"name\": \"eno1\", \"mtu\": 1400, \"speed_mbit\": 10, \"addresses\": "
        "[\"10.77.0.3/24\"], \"shaped_bit_s\": 5000}], \"routes\": [\"0.0.0.0/0 eno1 9\"]}");
    way(run, "host", "peer", &wire);
    assert_int_equal(wire.count, 2);
    assert_string_equal(wire.links[1].node, "peer");
    near_to(wire.links[1].bits_per_s, 10e6); /* what it receives is not shaped */
    assert_false(wire.links[1].sends || wire.links[1].is_shaped);
    assert_int_equal(wire.frame.mtu, 1400);
    assert_false(wire.frame.has_timestamps);
    way(run, "peer", "host", &wire);
    assert_true(wire.links[0].is_shaped);
    near_to(wire.links[0].bits_per_s, 5000);
    run_destroy(&run);
}

static void the_longest_prefix_and_then_the_lower_metric_lead(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct wire wire;
    set_facts(run, HOST,
              "{\"links\": [{\"name\": \"a\", \"speed_mbit\": 1}, {\"name\": \"b\", \"speed_mbit\": 2},"
              "{\"name\": \"c\", \"speed_mbit\": 3}], \"routes\": [\"10.0.0.0/8 a 0\", \"10.77.0.0/16 b 9\","
              "\"10.77.0.0/16 c 8\", \"10.78.0.0/24 a 0\", \"nonsense\", 5, \"10.77.0.0/99 a 0\"]}");
    way(run, "host", "peer", &wire);
    assert_string_equal(wire.links[0].device, "c");
    run_destroy(&run);
}

static void to_its_own_address_a_node_needs_no_wire(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct wire wire;
    text_copy(run->nodes[PEER].address, sizeof run->nodes[PEER].address, "10.77.0.1:5");
    way(run, "host", "peer", &wire);
    assert_true(wire.is_local);
    run_destroy(&run);
}

static void facts_of_any_shape_do_no_harm(void **unused)
{
    (void)unused;
    static const char *const FACTS[] = {
        "",
        "[]",
        "{}",
        "7",
        "{\"links\": 5, \"routes\": {}}",
        "{\"links\": [5, null, {}], \"routes\": [null, 1, \"\"]}",
        "{\"links\": [{\"name\": 7, \"mtu\": \"x\"}], \"routes\": [\"0.0.0.0/0 eth0\"]}",
        "{\"links\": [{\"name\": \"eth0\", \"mtu\": -5, \"speed_mbit\": -1}], \"routes\": [\"0.0.0.0/0 eth0 -1\"]}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(FACTS); i++) {
        struct run *run = lab_run();
        struct wire wire;
        set_facts(run, HOST, FACTS[i]);
        way(run, "host", "peer", &wire);
        assert_int_equal(wire.count, 0);
        run_destroy(&run);
    }
}

/* ---- who limits ---- */

static enum limited_by judge(struct run *run, size_t stream, struct limits *limits)
{
    struct facts *facts = NULL;
    struct err e = { 0 };
    struct limits each[4];
    assert_true(run->trials[0].stream_count <= ARRAY_SIZE(each));
    assert_true(facts_of(run, &facts, &e));
    assert_true(limits_of(run, facts, &run->trials[0], each, &e));
    *limits = each[stream];
    facts_destroy(&facts);
    return limits_judge(limits);
}

/* One trial of one flow; `use`: CPUs of the node's machine and process, of the peer's. */
static enum limited_by judge_one(const char *node, double rate, int cpus, const double use[4], struct limits *limits)
{
    struct run *run = lab_run();
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, node, "send", rate);
    add_use(t, node, cpus, use[0], use[1]);
    add_use(t, "peer", 4, use[2], use[3]);
    enum limited_by by = judge(run, 0, limits);
    run_destroy(&run);
    return by;
}

static void a_step_without_shaping_is_not_judged_by_the_shaper(void **unused)
{
    (void)unused;
    struct limits limits;
    struct run *run = lab_run();
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, "host", "send", 94.1e6);
    free(run->steps[0].options);
    run->steps[0].options = strdup("{\"wire\": \"unshaped\"}");
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN);
    run_destroy(&run);
}

static void a_shaper_of_the_guests_own_tap_is_a_ceiling_of_what_it_receives(void **unused)
{
    (void)unused;
    struct limits limits;
    char words[256];
    struct run *run = lab_run();
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, "guest", "receive", 47.0e6);
    struct stream *s = &t->streams[0];
    assert_true(stream_add_figure(s, "tap_shaped", "bit/s", 50e6, WINDOW_WHOLE, FIGURE_ON_OWN));
    text_copy(s->figures[s->figure_count - 1].path, sizeof s->figures->path, "host vnet0");
    assert_true(stream_add_figure(s, "tap_overhead", "B", 24, WINDOW_WHOLE, FIGURE_ON_OWN));
    assert_int_equal(judge(run, 0, &limits), LIMIT_WIRE);
    limits_tell(&limits, LIMIT_WIRE, words, sizeof words);
    assert_non_null(strstr(words, "of 47.07 Mbit/s, host's vnet0, shaped to 50"));
    run_destroy(&run);
}

static void the_ceiling_that_is_reached_limits(void **unused)
{
    (void)unused;
    static const struct {
        const char *node;
        double rate;
        int cpus;
        double use[4];
        enum limited_by by;
    } CASES[] = {
        { "host", 94.1e6, 2, { 0.2, 0.1, 0.3, 0.2 }, LIMIT_WIRE },
        { "host", 92.5e6, 2, { 0.2, 0.1, 0.3, 0.2 }, LIMIT_WIRE },    /* 98.2 % of it */
        { "host", 92.0e6, 2, { 0.2, 0.1, 0.3, 0.2 }, LIMIT_UNKNOWN }, /* 97.7 % */
        { "host", 94.1e6, 2, { 2.0, 1.0, 4.0, 1.0 }, LIMIT_WIRE },    /* full, whatever else is */
        { "guest", 40e6, 1, { 0.97, 0.60, 0.3, 0.2 }, LIMIT_CPU },    /* its one vCPU */
        { "guest", 40e6, 4, { 1.20, 0.95, 0.3, 0.2 }, LIMIT_CPU },    /* its one thread */
        { "guest", 40e6, 4, { 1.20, 0.80, 0.3, 0.2 }, LIMIT_UNKNOWN },
        { "host", 60e6, 2, { 0.5, 0.4, 1.1, 0.83 }, LIMIT_PEER },
        { "host", 60e6, 2, { 0.5, 0.4, 3.3, 0.4 }, LIMIT_PEER },
        { "host", 60e6, 2, { 0.5, 0.99, 1.1, 0.83 }, LIMIT_CPU }, /* nearer to its end than the peer */
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct limits limits;
        enum limited_by by = judge_one(CASES[i].node, CASES[i].rate, CASES[i].cpus, CASES[i].use, &limits);
        if (by != CASES[i].by)
            fail_msg("case %zu: %s instead of %s", i, limited_by_name(by), limited_by_name(CASES[i].by));
    }
}

static void each_limit_has_the_numbers_it_was_judged_by(void **unused)
{
    (void)unused;
    struct limits limits;
    char text[256];
    judge_one("guest", 93e6, 1, (const double[]){ 0.97, 0.6, 0.3, 0.2 }, &limits);
    limits_tell(&limits, LIMIT_WIRE, text, sizeof text);
    assert_string_equal(text, "wire 98.8 % (93.00 Mbit/s of 94.15 Mbit/s, host's eth0, shaped to 100.0 Mbit/s)");
    limits_tell(&limits, LIMIT_CPU, text, sizeof text);
    assert_string_equal(text, "cpu 97.0 % (0.97 CPUs of 1.00 CPUs, all CPUs that guest has)");
    limits_tell(&limits, LIMIT_PEER, text, sizeof text);
    assert_string_equal(text, "peer 20.0 % (0.20 CPUs of 1.00 CPUs, peer: what its 1 thread can use)");
    limits_tell(&limits, LIMIT_DEVICE, text, sizeof text);
    assert_string_equal(text, "device");
    assert_true(isnan(limits_share(&limits, LIMIT_DEVICE)));
}

static void what_was_stolen_was_wanted(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct limits limits;
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, "guest", "send", 40e6);
    add_use(t, "guest", 1, 0.5, 0.4);
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN);
    t->costs[0].steal_ns = INT64_C(2250000000); /* 0.45 of a CPU for 5 s */
    assert_int_equal(judge(run, 0, &limits), LIMIT_CPU);
    run_destroy(&run);
}

static void streams_of_one_trial_fill_a_wire_together(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct limits limits;
    struct trial *t = new_trial(run, 1, 0, 0);
    add_flow(t, "host", "send", 47.1e6);
    add_flow(t, "guest", "send", 46.9e6); /* through the same port */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge(run, i, &limits), LIMIT_WIRE);
        near_to(limits.of[LIMIT_WIRE].value, 94e6);
    }
    /* What each did at some time is no load of the wire at any: that is told by the time in which both ran. */
    static const double TOGETHER[] = { 40.0e6, 41.0e6 };
    for (size_t i = 0; i < 2; i++)
        assert_true(stream_add_figure(&t->streams[i], "throughput", "bit/s", TOGETHER[i], WINDOW_COMMON,
                                      FIGURE_ON_COORDINATOR));
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN);
    near_to(limits.of[LIMIT_WIRE].value, 81e6);
    text_copy(t->streams[1].direction, sizeof t->streams[1].direction, "receive"); /* the other way */
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN);
    run_destroy(&run);
}

static void both_ways_at_once_leave_room_for_acknowledgements(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct limits limits;
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, "host", "send", 91.0e6);
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN); /* alone it would not fill the wire */
    add_flow(t, "host", "receive", 91.1e6);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge(run, i, &limits), LIMIT_WIRE);
        near_to(limits.of[LIMIT_WIRE].ceiling, 91.472e6);
        assert_non_null(strstr(limits.of[LIMIT_WIRE].what, ", both ways"));
    }
    run_destroy(&run);
}

static void without_facts_nothing_is_claimed(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct limits limits;
    for (int i = 0; i < 3; i++)
        set_facts(run, i, "{}");
    struct trial *t = new_trial(run, 0, 0, 0);
    add_flow(t, "host", "send", 94.1e6);
    assert_int_equal(judge(run, 0, &limits), LIMIT_UNKNOWN);
    for (int by = 0; by < LIMITED_BY_COUNT; by++)
        assert_false(limits.of[by].is_known);
    run_destroy(&run);
}

/* 800 MB/s of a method, and the CPU that it took for a GB, beside what the place gave. */
static enum limited_by judge_file(const char *name, const char *path, double cpu, double device, double cache,
                                  struct limits *limits)
{
    struct stream s = { .node = "host" };
    char beside[64];
    const bool writes = strcmp(name, "write") == 0;
    stream_add_figure(&s, name, "B/s", 800e6, WINDOW_WHOLE, FIGURE_ON_OWN);
    text_copy(s.figures[0].path, sizeof s.figures[0].path, path);
    snprintf(beside, sizeof beside, "%s_cpu", name);
    stream_add_figure(&s, beside, "s/GB", cpu, WINDOW_WHOLE, FIGURE_ON_OWN);
    stream_add_figure(&s, writes ? "device_write_ceiling" : "device_read_ceiling", "B/s", device, WINDOW_WHOLE,
                      FIGURE_ON_OWN);
    stream_add_figure(&s, writes ? "cache_write_ceiling" : "cache_read_ceiling", "B/s", cache, WINDOW_WHOLE,
                      FIGURE_ON_OWN);
    limits_of_file(&s, &s.figures[0], 1, limits);
    free(s.figures);
    return limits_judge(limits);
}

static void a_file_is_limited_by_its_device_or_by_memory_as_its_path_says(void **unused)
{
    (void)unused;
    static const char CACHED[] = "cached; ext4 on sda", DIRECT[] = "O_DIRECT; ext4 on sda";
    struct limits limits;
    char text[256];
    /* 0.8 of its time on the CPU, and 0.9 of what the device gives */
    assert_int_equal(judge_file("read", DIRECT, 1, 850e6, 9e9, &limits), LIMIT_DEVICE);
    limits_tell(&limits, LIMIT_DEVICE, text, sizeof text);
    assert_string_equal(text, "device 94.1 % (800.0 MB/s of 850.0 MB/s, its device by O_DIRECT and 1 MiB a call)");
    /* a tenth of what it gives in bandwidth, but waited for nearly always */
    assert_int_equal(judge_file("read", DIRECT, 0.05, 8e9, 9e9, &limits), LIMIT_DEVICE);
    limits_tell(&limits, LIMIT_DEVICE, text, sizeof text);
    assert_string_equal(text, "device 96.0 % (0.96 of its time of 1.00 of its time, it waited for its device)");
    /* neither: its thread is what is busy */
    assert_int_equal(judge_file("read", DIRECT, 1.2, 8e9, 9e9, &limits), LIMIT_CPU);
    /* cached: never a device, however slow that is */
    assert_int_equal(judge_file("read", CACHED, 1.25, 100e6, 1e9, &limits), LIMIT_CACHE);
    assert_false(limits.of[LIMIT_DEVICE].is_known);
    /* so small a part of what memory gives that the calls must be it */
    assert_int_equal(judge_file("read", CACHED, 1.25, 100e6, 9e9, &limits), LIMIT_CPU);
    /* by what writing gives, and without a path by nothing but the CPU */
    assert_int_equal(judge_file("write", "page cache, flushed in time; ext4 on sda", 0.6, 810e6, 9e9, &limits),
                     LIMIT_DEVICE);
    assert_int_equal(judge_file("read", "", 0.1, 810e6, 810e6, &limits), LIMIT_UNKNOWN);
    assert_false(limits_are_same(&limits, &limits, LIMIT_CACHE));
}

static void same_ceilings_are_told_from_two_that_are_both_reached(void **unused)
{
    (void)unused;
    struct limits a = { 0 }, b = { 0 };
    a.of[LIMIT_WIRE] = (struct limit){ .is_known = true, .value = 94, .ceiling = 94.15 };
    b.of[LIMIT_WIRE] = (struct limit){ .is_known = true, .value = 93, .ceiling = 94.15 };
    assert_true(limits_are_same(&a, &b, LIMIT_WIRE));
    b.of[LIMIT_WIRE].value = 92;
    assert_false(limits_are_same(&a, &b, LIMIT_WIRE));
    b.of[LIMIT_WIRE] = (struct limit){ .is_known = true, .value = 47, .ceiling = 47.1 };
    assert_false(limits_are_same(&a, &b, LIMIT_WIRE));
    a.of[LIMIT_CPU] = b.of[LIMIT_CPU] = (struct limit){ .is_known = true, .value = 1, .ceiling = 1 };
    assert_false(limits_are_same(&a, &b, LIMIT_CPU)); /* each its own CPU: the ratio says what they made of it */
    b = (struct limits){ 0 };
    assert_false(limits_are_same(&a, &b, LIMIT_WIRE));
}

static void of_several_trials_the_median_counts(void **unused)
{
    (void)unused;
    struct limits list[4] = { 0 }, median;
    struct err e = { 0 };
    for (int i = 0; i < 3; i++)
        list[i].of[LIMIT_WIRE] = (struct limit){ .is_known = true, .value = i == 1 ? 10 : 99 + i, .ceiling = 100 };
    assert_true(limits_median(list, 4, &median, &e));
    near_to(median.of[LIMIT_WIRE].value, 99);
    assert_false(median.of[LIMIT_CPU].is_known);
    assert_true(limits_median(list, 0, &median, &e));
    assert_false(median.of[LIMIT_WIRE].is_known);
}

static void cpus_are_counted_in_their_list(void **unused)
{
    (void)unused;
    static const struct {
        const char *facts;
        int count;
    } LISTS[] = { { "{\"cpus_allowed\": \"0-3,8\"}", 5 }, { "{\"cpus_allowed\": \"0\"}", 1 },
                  { "{\"cpus_allowed\": \"\"}", 0 },      { "{\"cpus_allowed\": \"a\"}", 0 },
                  { "{\"cpus_allowed\": \"5-3\"}", 0 },   { "{\"cpus_allowed\": \"0-99999999\"}", 0 },
                  { "{\"cpus_allowed\": \"1,2x\"}", 0 },  { "{\"cpus_allowed\": 7}", 0 },
                  { "{\"cpus_allowed\": \"0-,3\"}", 0 },  { "{}", 0 } };
    for (size_t i = 0; i < ARRAY_SIZE(LISTS); i++) {
        struct run *run = lab_run();
        struct facts *facts = NULL;
        struct err e = { 0 };
        set_facts(run, HOST, LISTS[i].facts);
        assert_true(facts_of(run, &facts, &e));
        if (facts_cpus(facts, "host") != LISTS[i].count)
            fail_msg("%s: %d", LISTS[i].facts, facts_cpus(facts, "host"));
        facts_destroy(&facts);
        run_destroy(&run);
    }
}

static void a_guest_is_its_hosts_where_that_is_plain(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    assert_string_equal(facts_host_of(run, "guest"), "host");
    assert_null(facts_host_of(run, "host"));
    assert_null(facts_host_of(run, "nobody"));
    name_node(run, "other", "host", "boot-d", "");
    assert_null(facts_host_of(run, "guest"));
    text_copy(run->nodes[GUEST].on, sizeof run->nodes[GUEST].on, "other");
    assert_string_equal(facts_host_of(run, "guest"), "other");
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_frame_carries_what_its_headers_leave),
        cmocka_unit_test(a_wire_carries_what_the_standard_says),
        cmocka_unit_test(behind_a_bridge_is_its_port),
        cmocka_unit_test(a_guest_goes_through_its_hosts_port),
        cmocka_unit_test(the_speed_of_a_card_counts_at_both_ends),
        cmocka_unit_test(the_longest_prefix_and_then_the_lower_metric_lead),
        cmocka_unit_test(to_its_own_address_a_node_needs_no_wire),
        cmocka_unit_test(facts_of_any_shape_do_no_harm),
        cmocka_unit_test(a_step_without_shaping_is_not_judged_by_the_shaper),
        cmocka_unit_test(a_shaper_of_the_guests_own_tap_is_a_ceiling_of_what_it_receives),
        cmocka_unit_test(the_ceiling_that_is_reached_limits),
        cmocka_unit_test(each_limit_has_the_numbers_it_was_judged_by),
        cmocka_unit_test(what_was_stolen_was_wanted),
        cmocka_unit_test(streams_of_one_trial_fill_a_wire_together),
        cmocka_unit_test(both_ways_at_once_leave_room_for_acknowledgements),
        cmocka_unit_test(without_facts_nothing_is_claimed),
        cmocka_unit_test(a_file_is_limited_by_its_device_or_by_memory_as_its_path_says),
        cmocka_unit_test(same_ceilings_are_told_from_two_that_are_both_reached),
        cmocka_unit_test(of_several_trials_the_median_counts),
        cmocka_unit_test(cpus_are_counted_in_their_list),
        cmocka_unit_test(a_guest_is_its_hosts_where_that_is_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
