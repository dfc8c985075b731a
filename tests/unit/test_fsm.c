#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/fsm.h"

static void every_pair_has_a_rule_that_leads_to_a_state(void **unused)
{
    (void)unused;
    for (int s = 0; s < TRIAL_STATE_COUNT; s++)
        for (int e = 0; e < TRIAL_EVENT_COUNT; e++) {
            const struct trial_rule *rule = trial_rule_for((enum trial_state)s, (enum trial_event)e);
            assert_non_null(rule);
            assert_in_range(rule->next, 0, TRIAL_STATE_COUNT - 1);
        }
}

static void the_good_path_archives_exactly_once(void **unused)
{
    (void)unused;
    static const enum trial_event PATH[] = { ON_CLOCKS_BOUNDED, ON_ALL_SERVING,  ON_ALL_READY,
                                             ON_ALL_ARMED,      ON_ALL_FINISHED, ON_CLOCKS_BOUNDED };
    enum trial_state state = TRIAL_CALIBRATE;
    int archived = 0;
    for (size_t i = 0; i < sizeof PATH / sizeof *PATH; i++) {
        const struct trial_rule *rule = trial_rule_for(state, PATH[i]);
        archived += rule->act == DO_ARCHIVE;
        state = rule->next;
    }
    assert_string_equal(trial_state_name(state), "DONE");
    assert_int_equal(archived, 1);
}

/* Whatever happens, a trial that has begun ends, and what it measured is kept once. */
static void every_walk_ends_and_archives_at_most_once(void **unused)
{
    (void)unused;
    for (uint32_t seed = 1; seed <= 100000; seed++) {
        uint32_t random = seed;
        enum trial_state state = TRIAL_CALIBRATE;
        int archived = 0, steps = 0;
        for (; state != TRIAL_DONE && state != TRIAL_FAILED; steps++) {
            random = random * 1664525u + 1013904223u;
            const struct trial_rule *rule =
                trial_rule_for(state, (enum trial_event)((random >> 16) % TRIAL_EVENT_COUNT));
            archived += rule->act == DO_ARCHIVE || rule->act == DO_CANCEL_AND_ARCHIVE;
            state = rule->next;
            assert_in_range(steps, 0, TRIAL_STATE_COUNT);
        }
        assert_int_equal(archived, 1);
    }
}

static void an_ended_trial_ignores_latecomers(void **unused)
{
    (void)unused;
    for (int e = 0; e < TRIAL_EVENT_COUNT; e++) {
        assert_int_equal(trial_rule_for(TRIAL_DONE, (enum trial_event)e)->next, TRIAL_DONE);
        assert_int_equal(trial_rule_for(TRIAL_FAILED, (enum trial_event)e)->act, DO_IGNORE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_has_a_rule_that_leads_to_a_state),
        cmocka_unit_test(the_good_path_archives_exactly_once),
        cmocka_unit_test(every_walk_ends_and_archives_at_most_once),
        cmocka_unit_test(an_ended_trial_ignores_latecomers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
