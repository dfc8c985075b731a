#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/pace.h"

#define SECOND INT64_C(1000000000)
static const int64_t OVERHEAD = 2 * SECOND;

/* A host and its guest: bytes for 10 s after 1 s of warm-up on one after the other, and a build on both. */
struct world {
    struct scenario *scenario;
    struct plan *plan;
    struct pace *pace;
};

static void begin(struct world *w, const char *guest, enum pace_accel accel)
{
    char text[1024];
    struct diags *diags = diags_new("lab.yaml");
    snprintf(text, sizeof text,
             "tare: 1\nname: lab\nrepeats: 3\nnodes: {host: {role: host}, peer: {role: peer}, guest: {role: guest, on: "
             "host, "
             "built_in: {%s, compiler: true, disk: 64MiB}}}\nsteps:\n"
             "  - {name: send, run: net_stream, to: peer, length: 10s, warmup: 1s, on: [host, guest]}\n"
             "  - {name: build, run: compile, source: /x, target: lib/, warmups: 1, on: [host, guest]}\n",
             guest);
    assert_true(scenario_parse(text, strlen(text), &w->scenario, diags));
    diags_destroy(&diags);
    w->plan = plan_new(w->scenario, 7);
    w->pace = pace_new(w->scenario, OVERHEAD, accel);
    assert_true(w->plan && w->pace);
}

static void end(struct world *w)
{
    pace_destroy(&w->pace);
    plan_destroy(&w->plan);
    scenario_destroy(&w->scenario);
}

/* The next trial of `step` on the node `name`; those before it are given, too. */
static struct plan_trial trial_of(struct world *w, const char *step, const char *name)
{
    struct plan_trial trial;
    while (plan_next(w->plan, &trial))
        if (strcmp(w->scenario->steps[trial.step].name, step) == 0 &&
            strcmp(w->scenario->nodes[trial.loads[0]].name, name) == 0)
            return trial;
    fail_msg("no such trial: %s on %s", step, name);
    return trial;
}

static struct span_ns of(struct world *w, const char *step, const char *name)
{
    struct plan_trial trial = trial_of(w, step, name);
    return pace_of(w->pace, &trial);
}

static void what_ends_by_its_length_takes_every_guest_as_long(void **unused)
{
    (void)unused;
    struct world w;
    begin(&w, "accel: tcg", PACE_UNKNOWN);
    const struct span_ns host = of(&w, "send", "host"), guest = of(&w, "send", "guest");
    assert_int_equal(host.least, 11 * SECOND + OVERHEAD);
    assert_memory_equal(&host, &guest, sizeof host);
    assert_int_equal(host.most, host.least);
    end(&w);
}

static void a_guest_that_may_be_emulated_takes_a_span(void **unused)
{
    (void)unused;
    static const struct {
        const char *guest;
        enum pace_accel accel;
        bool may_be_fast, may_be_slow;
    } CASES[] = {
        { "accel: auto", PACE_UNKNOWN, true, true },   { "accel: auto", PACE_KVM, true, false },
        { "accel: auto", PACE_EMULATED, false, true }, { "accel: tcg", PACE_KVM, false, true },
        { "accel: kvm", PACE_EMULATED, true, false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct world w;
        begin(&w, CASES[i].guest, CASES[i].accel);
        const struct span_ns host = of(&w, "build", "host"), guest = of(&w, "build", "guest");
        assert_int_equal(host.least, host.most);
        assert_int_equal(guest.least == host.least, CASES[i].may_be_fast);
        assert_int_equal(guest.most > 5 * host.most, CASES[i].may_be_slow);
        end(&w);
    }
}

static void what_a_guest_turns_out_to_have_counts(void **unused)
{
    (void)unused;
    struct world w;
    begin(&w, "accel: auto", PACE_UNKNOWN);
    const struct span_ns before = pace_left(w.pace, w.plan);
    pace_set_accel(w.pace, 2, PACE_KVM);
    const struct span_ns after = pace_left(w.pace, w.plan);
    assert_true(before.most > 2 * before.least);
    assert_int_equal(after.least, before.least);
    assert_true(after.most < before.most && after.most < after.least + after.least / 4);
    end(&w);
}

static void a_trial_that_was_seen_tells_of_the_next_ones_of_its_step_and_node(void **unused)
{
    (void)unused;
    struct world w;
    begin(&w, "accel: tcg", PACE_UNKNOWN);
    const struct plan_trial host = trial_of(&w, "build", "host"), guest = trial_of(&w, "build", "guest");
    const struct span_ns unseen = pace_of(w.pace, &host), before = pace_left(w.pace, w.plan),
                         guessed = pace_of(w.pace, &guest);
    pace_saw(w.pace, &guest, 7 * SECOND);
    const struct span_ns seen = pace_of(w.pace, &guest), still = pace_of(w.pace, &host),
                         after = pace_left(w.pace, w.plan);
    assert_int_equal(seen.least, 7 * SECOND);
    assert_int_equal(seen.most, 7 * SECOND);
    assert_memory_equal(&still, &unseen, sizeof still); /* the host's trials are what they were */
    assert_int_equal(before.most - after.most, 2 * (guessed.most - 7 * SECOND)); /* of two rounds */
    end(&w);
}

static void an_earlier_run_tells_how_long_all_of_it_takes(void **unused)
{
    (void)unused;
    struct world w;
    begin(&w, "accel: auto", PACE_UNKNOWN);
    pace_set_whole(w.pace, 500 * SECOND);
    struct span_ns left = pace_left(w.pace, w.plan);
    assert_in_range(left.least, 499 * SECOND, 501 * SECOND);
    assert_in_range(left.most, 499 * SECOND, 501 * SECOND);
    struct plan_trial trial;
    while (plan_next(w.plan, &trial)) {
        const struct span_ns less = pace_left(w.pace, w.plan);
        assert_true(less.most < left.most);
        left = less;
    }
    assert_int_equal(left.most, 0);
    end(&w);
}

static void a_repetition_that_is_pending_is_still_to_come(void **unused)
{
    (void)unused;
    struct world w;
    struct plan_trial trial;
    begin(&w, "accel: kvm", PACE_UNKNOWN);
    assert_true(plan_next(w.plan, &trial));
    const struct span_ns before = pace_left(w.pace, w.plan), own = pace_of(w.pace, &trial);
    assert_true(plan_retry(w.plan, 2));
    assert_int_equal(pace_left(w.pace, w.plan).least, before.least + own.least);
    assert_true(plan_next(w.plan, &trial));
    assert_int_equal(pace_left(w.pace, w.plan).least, before.least);
    end(&w);
}

static void guests_take_their_time_in_every_round_that_has_not_begun(void **unused)
{
    (void)unused;
    struct world w;
    struct plan_trial trial;
    begin(&w, "accel: kvm", PACE_UNKNOWN);
    pace_saw_guests(w.pace, 0);
    const struct span_ns without = pace_left(w.pace, w.plan);
    pace_saw_guests(w.pace, 5 * SECOND);
    assert_int_equal(pace_left(w.pace, w.plan).least, without.least + 15 * SECOND); /* of three */
    assert_true(plan_next(w.plan, &trial));
    const struct span_ns own = pace_of(w.pace, &trial);
    assert_int_equal(pace_left(w.pace, w.plan).least, without.least - own.least + 10 * SECOND);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_by_its_length_takes_every_guest_as_long),
        cmocka_unit_test(a_guest_that_may_be_emulated_takes_a_span),
        cmocka_unit_test(what_a_guest_turns_out_to_have_counts),
        cmocka_unit_test(a_trial_that_was_seen_tells_of_the_next_ones_of_its_step_and_node),
        cmocka_unit_test(an_earlier_run_tells_how_long_all_of_it_takes),
        cmocka_unit_test(a_repetition_that_is_pending_is_still_to_come),
        cmocka_unit_test(guests_take_their_time_in_every_round_that_has_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
