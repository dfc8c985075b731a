#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/plan.h"

#define SECOND INT64_C(1000000000)

/* Two nodes; 'paired' takes 10 s + 1 s a trial, 'together' 20 s. */
struct fixture {
    int on[2];
    struct net_stream_options options[2];
    struct scenario_step steps[2];
    struct scenario_node nodes[6];
    struct scenario scenario;
};

static void set_up(struct fixture *f)
{
    *f = (struct fixture){ .on = { 3, 5 },
                           .options = { { .times = { 10 * SECOND, SECOND } }, { .times = { 20 * SECOND, 0 } } } };
    f->steps[0] = (struct scenario_step){ .options = &f->options[0], .on = f->on, .on_count = 2, .when = WHEN_PAIRED };
    f->steps[1] =
        (struct scenario_step){ .options = &f->options[1], .on = f->on, .on_count = 2, .when = WHEN_TOGETHER };
    f->scenario =
        (struct scenario){ .nodes = f->nodes, .node_count = 6, .steps = f->steps, .step_count = 2, .repeats = 2 };
    f->scenario.start.on_bad = ON_BAD_REPEAT;
    f->scenario.start.repeat = 2;
}

static void every_round_holds_each_block_and_each_block_its_trials(void **unused)
{
    (void)unused;
    static const struct {
        int round, step, block, idx, first_load, load_count;
    } WANTED[] = {
        { 0, 0, 0, 0, 3, 1 }, { 0, 0, 0, 1, 5, 1 }, { 0, 1, 1, 0, 3, 2 },
        { 1, 0, 2, 0, 3, 1 }, { 1, 0, 2, 1, 5, 1 }, { 1, 1, 3, 0, 3, 2 },
    };
    struct fixture f;
    set_up(&f);
    struct plan *plan = plan_new(&f.scenario, 7);
    struct plan_trial trial = { 0 };
    assert_int_equal(plan_total(plan), 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(plan_left(plan), 6 - i);
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.round, WANTED[i].round);
        assert_int_equal(trial.step, WANTED[i].step);
        assert_int_equal(trial.block, WANTED[i].block);
        assert_int_equal(trial.idx, WANTED[i].idx);
        assert_int_equal(trial.attempt, 0);
        assert_int_equal(trial.load_count, WANTED[i].load_count);
        assert_int_equal(trial.loads[0], WANTED[i].first_load);
    }
    assert_int_equal(trial.loads[1], 5);
    struct plan_trial untouched = trial;
    assert_false(plan_next(plan, &trial));
    assert_false(plan_next(plan, &trial));
    assert_memory_equal(&trial, &untouched, sizeof trial);
    assert_int_equal(plan_left(plan), 0);
    assert_int_equal(plan_total(plan), 6);
    plan_destroy(&plan);
    assert_null(plan);
    plan_destroy(&plan);
}

static void a_bad_start_is_given_again_as_often_as_allowed(void **unused)
{
    (void)unused;
    struct fixture f;
    set_up(&f);
    struct plan *plan = plan_new(&f.scenario, 7);
    struct plan_trial trial;
    assert_false(plan_again(plan)); /* nothing was given yet */
    assert_true(plan_next(plan, &trial));
    assert_true(plan_next(plan, &trial));
    for (int attempt = 1; attempt <= 2; attempt++) {
        assert_true(plan_again(plan));
        assert_true(plan_again(plan)); /* asking twice is asking once */
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.attempt, attempt);
        assert_int_equal(trial.idx, 1);
        assert_int_equal(trial.block, 0);
        assert_int_equal(plan_left(plan), 4);
    }
    assert_false(plan_again(plan));
    assert_true(plan_next(plan, &trial));
    assert_int_equal(trial.step, 1);
    assert_int_equal(trial.attempt, 0);
    while (plan_left(plan) > 0)
        assert_true(plan_next(plan, &trial));
    assert_true(plan_again(plan)); /* the last one too */
    assert_true(plan_next(plan, &trial));
    assert_int_equal(trial.attempt, 1);
    assert_false(plan_next(plan, &trial));
    plan_destroy(&plan);
}

static void keep_and_abort_repeat_nothing(void **unused)
{
    (void)unused;
    static const enum on_bad OTHERS[] = { ON_BAD_KEEP, ON_BAD_ABORT };
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        set_up(&f);
        f.scenario.start.on_bad = OTHERS[i];
        struct plan *plan = plan_new(&f.scenario, 7);
        struct plan_trial trial;
        assert_true(plan_next(plan, &trial));
        assert_false(plan_again(plan));
        plan_destroy(&plan);
    }
}

/* An attempt that never started and a start that was bad are counted apart, and numbered as one: no two
 * attempts at a trial have the same number. */
static void what_never_started_is_given_again_under_a_number_of_its_own(void **unused)
{
    (void)unused;
    struct fixture f;
    set_up(&f);
    struct plan *plan = plan_new(&f.scenario, 7);
    struct plan_trial trial;
    assert_false(plan_retry(plan, 2)); /* nothing was given yet */
    assert_true(plan_next(plan, &trial));
    assert_true(plan_retry(plan, 2));
    assert_true(plan_next(plan, &trial));
    assert_int_equal(trial.attempt, 1);
    for (int attempt = 2; attempt <= 3; attempt++) { /* start.repeat is 2 */
        assert_true(plan_again(plan));
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.attempt, attempt);
        assert_int_equal(trial.block, 0);
    }
    assert_false(plan_again(plan));
    assert_true(plan_retry(plan, 2));
    assert_true(plan_next(plan, &trial));
    assert_int_equal(trial.attempt, 4);
    assert_false(plan_retry(plan, 2));
    assert_true(plan_next(plan, &trial)); /* and the next trial begins anew */
    assert_int_equal(trial.attempt, 0);
    assert_true(plan_retry(plan, 1));
    plan_destroy(&plan);
}

/* Node 5 is a guest that is off while node 3 is measured. */
static void a_round_with_such_guests_holds_one_boot_and_rounds_begin_in_turn(void **unused)
{
    (void)unused;
    static struct guest_options built_in;
    static const struct {
        int round, step, block, idx;
        bool needs;
    } WANTED[] = {
        { 0, 0, 0, 0, false }, { 0, 0, 0, 1, true }, { 0, 1, 1, 0, true }, /* host, guest, both */
        { 1, 0, 2, 1, true },  { 1, 1, 3, 0, true }, { 1, 0, 2, 0, false },
        { 2, 0, 4, 0, false }, { 2, 0, 4, 1, true }, { 2, 1, 5, 0, true },
    };
    struct fixture f;
    struct plan_trial trial;
    set_up(&f);
    f.scenario.repeats = 3;
    f.nodes[5] = (struct scenario_node){ .role = ROLE_GUEST, .on = 3, .built_in = &built_in };
    struct plan *plan = plan_new(&f.scenario, 7);
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++) {
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.round, WANTED[i].round);
        assert_int_equal(trial.step, WANTED[i].step);
        assert_int_equal(trial.block, WANTED[i].block);
        assert_int_equal(trial.idx, WANTED[i].idx);
        assert_int_equal(plan_needs_guests(&f.scenario, &trial), WANTED[i].needs);
    }
    assert_false(plan_next(plan, &trial));
    plan_destroy(&plan);
    f.nodes[5].while_host_runs = GUEST_IS_PAUSED;
    plan = plan_new(&f.scenario, 7);
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++) {
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.block, WANTED[i].block);
        assert_int_equal(trial.idx, WANTED[i].idx);
    }
    plan_destroy(&plan);
    f.nodes[5].while_host_runs = GUEST_RUNS_ON; /* then nothing has to wait */
    plan = plan_new(&f.scenario, 7);
    for (int i = 0; plan_next(plan, &trial); i++)
        assert_int_equal(trial.block, i / 3 * 2 + (i % 3 == 2));
    plan_destroy(&plan);
}

static void guests_alone_are_given_round_by_round(void **unused)
{
    (void)unused;
    static struct guest_options built_in;
    struct fixture f;
    struct plan_trial trial;
    set_up(&f);
    for (int i = 3; i <= 5; i += 2)
        f.nodes[i] = (struct scenario_node){ .role = ROLE_GUEST, .on = 0, .built_in = &built_in };
    struct plan *plan = plan_new(&f.scenario, 7);
    for (int i = 0; i < 6; i++) {
        assert_true(plan_next(plan, &trial));
        assert_int_equal(trial.round, i / 3);
        assert_true(plan_needs_guests(&f.scenario, &trial));
    }
    assert_false(plan_next(plan, &trial));
    plan_destroy(&plan);
}

/* ---- order within a block ---- */

/* Whom each trial of the paired step measures, over `rounds` rounds: "35 53 ". */
static void order_of(struct fixture *f, int rounds, uint64_t seed, char *text)
{
    struct plan_trial trial;
    f->scenario.step_count = 1;
    f->scenario.repeats = rounds;
    struct plan *plan = plan_new(&f->scenario, seed);
    while (plan_next(plan, &trial)) {
        *text++ = (char)('0' + trial.loads[0]);
        if (trial.idx == 1)
            *text++ = ' ';
    }
    *text = '\0';
    plan_destroy(&plan);
}

static void to_and_fro_every_second_block_is_turned(void **unused)
{
    (void)unused;
    struct fixture f;
    char text[128];
    set_up(&f);
    order_of(&f, 4, 7, text);
    assert_string_equal(text, "35 35 35 35 ");
    f.scenario.order = ORDER_ABBA;
    order_of(&f, 4, 7, text);
    assert_string_equal(text, "35 53 35 53 ");
}

static void a_random_order_is_its_seeds(void **unused)
{
    (void)unused;
    struct fixture f;
    char first[512], again[512], other[512];
    set_up(&f);
    f.scenario.order = ORDER_RANDOM;
    order_of(&f, 100, 7, first);
    order_of(&f, 100, 7, again);
    order_of(&f, 100, 8, other);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    int turned = 0;
    for (const char *at = first; *at; at += 3) {
        assert_true(strncmp(at, "35 ", 3) == 0 || strncmp(at, "53 ", 3) == 0); /* each node once */
        turned += *at == '5';
    }
    assert_true(turned > 30 && turned < 70);
}

/* ---- steps that are known well enough ---- */

static void a_step_that_is_ended_is_given_no_more(void **unused)
{
    (void)unused;
    struct fixture f;
    struct plan_trial trial;
    set_up(&f);
    f.scenario.repeats = 5;
    struct plan *plan = plan_new(&f.scenario, 7);
    assert_int_equal(plan_total(plan), 15);
    int given = 0, blocks = 0;
    while (plan_next(plan, &trial)) {
        given++;
        blocks = trial.block;
        assert_true(trial.step == 1 || trial.round < 2);
        if (trial.step == 0 && trial.round == 1) {
            assert_int_equal(plan_is_block_over(plan), trial.idx == 1);
            if (plan_is_block_over(plan)) {
                plan_end_step(plan, 0);
                plan_end_step(plan, 0); /* twice is once */
            }
        }
        assert_int_equal(plan_left(plan), plan_total(plan) - given);
    }
    assert_int_equal(given, 4 + 5);
    assert_int_equal(blocks, 4 * 2 + 1); /* as if nothing had been left out */
    assert_int_equal(trial.round, 4);
    assert_int_equal(plan_rounds_left(plan), 0);
    plan_destroy(&plan);
}

static void when_all_steps_are_ended_the_plan_is(void **unused)
{
    (void)unused;
    struct fixture f;
    struct plan_trial trial;
    set_up(&f);
    f.scenario.repeats = 30;
    struct plan *plan = plan_new(&f.scenario, 7);
    for (int i = 0; i < 6; i++)
        assert_true(plan_next(plan, &trial));
    assert_int_equal(trial.step, 1);
    plan_end_step(plan, 1);
    plan_end_step(plan, 0);
    assert_int_equal(plan_left(plan), 0);
    assert_int_equal(plan_total(plan), 6);
    assert_int_equal(plan_rounds_left(plan), 0);
    assert_true(plan_again(plan)); /* a bad start of the last one, all the same */
    assert_false(plan_is_block_over(plan));
    assert_true(plan_next(plan, &trial));
    assert_true(plan_is_block_over(plan));
    assert_false(plan_next(plan, &trial));
    plan_destroy(&plan);
}

/* Only of what is compared in turn, the host's share and the guest's alike. */
static void an_envelope_is_kept_in_both_shares_of_a_paired_step(void **unused)
{
    (void)unused;
    static const int HOST = 3, GUEST = 5, OTHER = 1;
    static const struct workload_info INFO = { .name = "any" };
    struct fixture f;
    bool is_its_own;
    set_up(&f);
    f.steps[0].workload = f.steps[1].workload = &INFO;
    f.nodes[HOST] = (struct scenario_node){ .role = ROLE_HOST, .on = -1 };
    f.nodes[GUEST] = (struct scenario_node){ .role = ROLE_GUEST, .on = HOST, .confine = CONFINE_ENVELOPE };
    struct plan_trial trial = { .step = 0, .loads = &HOST, .load_count = 1 };
    assert_int_equal(plan_enclosed(&f.scenario, &trial, &is_its_own), GUEST);
    assert_false(is_its_own);
    trial.loads = &GUEST;
    assert_int_equal(plan_enclosed(&f.scenario, &trial, &is_its_own), GUEST);
    assert_true(is_its_own);
    assert_int_equal(plan_confined_by(&f.scenario, &trial), -1); /* its own work is not confined by anything */
    trial.step = 1;
    assert_int_equal(plan_enclosed(&f.scenario, &trial, &is_its_own), -1); /* together */
    assert_false(is_its_own);
    trial.step = 0;
    f.nodes[GUEST].confine = CONFINE_VISIBLE;
    assert_int_equal(plan_enclosed(&f.scenario, &trial, &is_its_own), -1);
    f.nodes[GUEST].confine = CONFINE_ENVELOPE;
    f.nodes[GUEST].on = OTHER; /* whose host is not compared with it */
    assert_int_equal(plan_enclosed(&f.scenario, &trial, &is_its_own), -1);
    assert_false(is_its_own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_with_such_guests_holds_one_boot_and_rounds_begin_in_turn),
        cmocka_unit_test(guests_alone_are_given_round_by_round),
        cmocka_unit_test(every_round_holds_each_block_and_each_block_its_trials),
        cmocka_unit_test(a_bad_start_is_given_again_as_often_as_allowed),
        cmocka_unit_test(keep_and_abort_repeat_nothing),
        cmocka_unit_test(what_never_started_is_given_again_under_a_number_of_its_own),
        cmocka_unit_test(to_and_fro_every_second_block_is_turned),
        cmocka_unit_test(a_random_order_is_its_seeds),
        cmocka_unit_test(a_step_that_is_ended_is_given_no_more),
        cmocka_unit_test(when_all_steps_are_ended_the_plan_is),
        cmocka_unit_test(an_envelope_is_kept_in_both_shares_of_a_paired_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
