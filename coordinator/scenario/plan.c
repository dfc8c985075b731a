#include "plan.h"

#include <stdlib.h>

struct plan {
    const struct scenario *scenario;
    struct plan_trial next;   /* what plan_next gives when nothing is repeated */
    struct plan_trial last;   /* what it gave */
    bool given, again;        /* whether there is a last one; whether it is to be given again */
    int repeats, retries;     /* of the last one, for its start and because it never started */
    bool is_retry;            /* which of them the pending one is */
    int left;                 /* trials that were not given yet */
    int64_t left_ns, last_ns; /* their own times, and the last one's */
};

static int trials_of(const struct scenario_step *step) { return step->when == WHEN_TOGETHER ? 1 : (int)step->on_count; }

/* Every workload's options begin with its times. */
static int64_t time_of(const struct scenario_step *step)
{
    const struct workload_times *times = step->options;
    return times->length_ns + times->warmup_ns;
}

/* Whom the next trial measures. */
static void set_loads(struct plan *plan)
{
    const struct scenario_step *step = &plan->scenario->steps[plan->next.step];
    bool together = step->when == WHEN_TOGETHER;
    plan->next.loads = together ? step->on : step->on + plan->next.idx;
    plan->next.load_count = together ? step->on_count : 1;
}

struct plan *plan_new(const struct scenario *scenario)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->scenario = scenario;
    plan->left = plan_total(plan);
    for (size_t i = 0; i < scenario->step_count; i++)
        plan->left_ns += (int64_t)scenario->repeats * trials_of(&scenario->steps[i]) * time_of(&scenario->steps[i]);
    return plan;
}

void plan_destroy(struct plan **plan)
{
    free(*plan);
    *plan = NULL;
}

static void advance(struct plan *plan)
{
    struct plan_trial *next = &plan->next;
    if (++next->idx < trials_of(&plan->scenario->steps[next->step]))
        return;
    next->idx = 0;
    next->block++;
    if (++next->step < (int)plan->scenario->step_count)
        return;
    next->step = 0;
    next->round++;
}

bool plan_next(struct plan *plan, struct plan_trial *trial)
{
    if (plan->again) {
        plan->again = false;
        plan->last.attempt++;
        if (plan->is_retry)
            plan->retries++;
        else
            plan->repeats++;
    } else if (plan->left > 0) {
        set_loads(plan);
        plan->last = plan->next;
        plan->last_ns = time_of(&plan->scenario->steps[plan->last.step]);
        plan->left_ns -= plan->last_ns;
        plan->left--;
        plan->given = true;
        plan->repeats = plan->retries = 0;
        advance(plan);
    } else {
        return false;
    }
    *trial = plan->last;
    return true;
}

bool plan_again(struct plan *plan)
{
    bool allowed = plan->scenario->start.on_bad == ON_BAD_REPEAT && plan->repeats < plan->scenario->start.repeat;
    plan->again = plan->given && allowed;
    plan->is_retry = false;
    return plan->again;
}

bool plan_retry(struct plan *plan, int most)
{
    plan->again = plan->given && plan->retries < most;
    plan->is_retry = true;
    return plan->again;
}

int plan_total(const struct plan *plan)
{
    int trials = 0;
    for (size_t i = 0; i < plan->scenario->step_count; i++)
        trials += trials_of(&plan->scenario->steps[i]);
    return trials * plan->scenario->repeats;
}

int plan_left(const struct plan *plan) { return plan->left; }

int64_t plan_left_ns(const struct plan *plan, int64_t overhead_ns)
{
    int64_t again_ns = plan->again ? plan->last_ns + overhead_ns : 0;
    return plan->left_ns + plan->left * overhead_ns + again_ns;
}
