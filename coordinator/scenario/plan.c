#include "plan.h"

#include <stdlib.h>

struct progress {
    int given;     /* trials of all rounds */
    int *given_at; /* owned; of them those of each slot */
    bool ended;    /* no more of it is given */
};

struct plan {
    const struct scenario *scenario;
    uint64_t seed;
    struct progress *steps; /* owned; one a step */
    int phases;             /* of a round: 2 where a guest is away while the others run */
    int phase;              /* of `next`, from 0 */
    struct plan_trial next; /* what plan_next gives when nothing is repeated */
    struct plan_trial last; /* what it gave */
    bool given, again;      /* whether there is a last one; whether it is to be given again */
    int repeats, retries;   /* of the last one, for its start and because it never started */
    bool is_retry;          /* which of them the pending one is */
    int total, left;        /* trials, and those that were not given yet */
};

static int trials_of(const struct scenario_step *step) { return step->when == WHEN_TOGETHER ? 1 : (int)step->on_count; }

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t mix(uint64_t z)
{
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Which of a block's `count` nodes is the `idx`th, as Fisher and Yates shuffle: from the seed and the
 * block alone, so that every trial of the block finds the same order. */
static size_t drawn(const struct plan *plan, size_t count, size_t idx)
{
    unsigned short order[SCENARIO_NODES_MAX] = { 0 };
    uint64_t random = mix(plan->seed ^ mix((uint64_t)plan->next.block));
    for (size_t i = 0; i < count; i++)
        order[i] = (unsigned short)i;
    for (size_t left = count; left > 1; left--) {
        random = mix(random);
        size_t other = (size_t)(random % left);
        unsigned short moved = order[left - 1];
        order[left - 1] = order[other];
        order[other] = moved;
    }
    return order[idx];
}

/* Whom the next trial measures. */
static void set_loads(struct plan *plan)
{
    const struct scenario_step *step = &plan->scenario->steps[plan->next.step];
    size_t idx = (size_t)plan->next.idx;
    if (step->when == WHEN_TOGETHER) {
        plan->next.loads = step->on;
        plan->next.load_count = step->on_count;
        return;
    }
    if (plan->scenario->order == ORDER_RANDOM)
        idx = drawn(plan, step->on_count, idx);
    else if (plan->scenario->order == ORDER_ABBA && plan->next.round % 2 == 1)
        idx = step->on_count - 1 - idx;
    plan->next.loads = step->on + idx;
    plan->next.load_count = 1;
}

bool plan_needs_guests(const struct scenario *scenario, const struct plan_trial *trial)
{
    for (size_t i = 0; i < trial->load_count; i++)
        if (node_is_away_for_others(&scenario->nodes[trial->loads[i]]))
            return true;
    return false;
}

int plan_confined_by(const struct scenario *scenario, const struct plan_trial *trial)
{
    const struct scenario_step *step = &scenario->steps[trial->step];
    if (step->when != WHEN_PAIRED || step->workload->needs_guest)
        return -1;
    for (size_t i = 0; i < step->on_count; i++) {
        const struct scenario_node *guest = &scenario->nodes[step->on[i]];
        if (guest->role == ROLE_GUEST && guest->confine != CONFINE_NONE && guest->on == trial->loads[0])
            return step->on[i];
    }
    return -1;
}

int plan_enclosed(const struct scenario *scenario, const struct plan_trial *trial, bool *is_its_own)
{
    const struct scenario_step *step = &scenario->steps[trial->step];
    const struct scenario_node *node = &scenario->nodes[trial->loads[0]];
    const int guest = plan_confined_by(scenario, trial);
    *is_its_own = false;
    if (guest >= 0)
        return scenario->nodes[guest].confine == CONFINE_ENVELOPE ? guest : -1;
    if (step->when != WHEN_PAIRED || step->workload->needs_guest || node->role != ROLE_GUEST ||
        node->confine != CONFINE_ENVELOPE)
        return -1;
    for (size_t i = 0; i < step->on_count; i++)
        *is_its_own |= step->on[i] == node->on;
    return *is_its_own ? trial->loads[0] : -1;
}

/* Whether `next` is to be given in the phase that we are in: rounds begin in turn without guests and
 * with them, so that what drifts meets both alike. */
static bool is_due(struct plan *plan)
{
    if (plan->steps[plan->next.step].ended)
        return false;
    set_loads(plan);
    bool comes_first = plan_needs_guests(plan->scenario, &plan->next) == (plan->next.round % 2 == 1);
    return plan->phases == 1 || (plan->phase == 0) == comes_first;
}

/* One place further; the last of a round's last phase leads to the next round. */
static void step_on(struct plan *plan)
{
    struct plan_trial *next = &plan->next;
    if (++next->idx >= trials_of(&plan->scenario->steps[next->step])) {
        next->idx = 0;
        if (++next->step == (int)plan->scenario->step_count) {
            next->step = 0;
            if (++plan->phase == plan->phases) {
                plan->phase = 0;
                next->round++;
            }
        }
    }
    next->block = next->round * (int)plan->scenario->step_count + next->step;
}

/* To the next trial that is due; there is one. */
static void advance(struct plan *plan)
{
    do
        step_on(plan);
    while (!is_due(plan));
}

struct plan *plan_new(const struct scenario *scenario, uint64_t seed)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    plan->scenario = scenario;
    plan->seed = seed;
    plan->steps = calloc(scenario->step_count + 1, sizeof *plan->steps);
    bool whole = plan->steps != NULL;
    plan->phases = 1;
    for (size_t i = 0; i < scenario->node_count; i++)
        if (node_is_away_for_others(&scenario->nodes[i]))
            plan->phases = 2;
    for (size_t i = 0; i < scenario->step_count; i++) {
        int trials = scenario->repeats * trials_of(&scenario->steps[i]);
        plan->total += trials;
        if (plan->steps)
            plan->steps[i].given_at = calloc(scenario->steps[i].on_count + 1, sizeof(int));
        whole = whole && plan->steps && plan->steps[i].given_at;
    }
    plan->left = plan->total;
    if (!whole)
        plan_destroy(&plan);
    return plan;
}

void plan_destroy(struct plan **plan)
{
    if (!*plan)
        return;
    for (size_t i = 0; (*plan)->steps && i < (*plan)->scenario->step_count; i++)
        free((*plan)->steps[i].given_at);
    free((*plan)->steps);
    free(*plan);
    *plan = NULL;
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
        if (plan->given || !is_due(plan))
            advance(plan);
        plan->last = plan->next;
        plan->steps[plan->last.step].given++;
        plan->steps[plan->last.step].given_at[plan_slot(plan->scenario, &plan->last)]++;
        plan->left--;
        plan->given = true;
        plan->repeats = plan->retries = 0;
    } else {
        return false;
    }
    *trial = plan->last;
    return true;
}

bool plan_is_block_over(const struct plan *plan)
{
    const struct plan_trial *last = &plan->last;
    return plan->given && !plan->again &&
           plan->steps[last->step].given == (last->round + 1) * trials_of(&plan->scenario->steps[last->step]);
}

void plan_end_step(struct plan *plan, int step)
{
    const struct scenario_step *ended = &plan->scenario->steps[step];
    int trials = plan->scenario->repeats * trials_of(ended) - plan->steps[step].given;
    if (plan->steps[step].ended)
        return;
    plan->steps[step].ended = true;
    plan->left -= trials;
    plan->total -= trials;
}

bool plan_has_ended(const struct plan *plan, int step) { return plan->steps[step].ended; }

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

int plan_total(const struct plan *plan) { return plan->total; }

int plan_left(const struct plan *plan) { return plan->left; }

int plan_slot(const struct scenario *scenario, const struct plan_trial *trial)
{
    const struct scenario_step *step = &scenario->steps[trial->step];
    return step->when == WHEN_TOGETHER ? 0 : (int)(trial->loads - step->on);
}

int plan_left_of(const struct plan *plan, int step, int slot)
{
    const struct progress *p = &plan->steps[step];
    return p->ended ? 0 : plan->scenario->repeats - p->given_at[slot];
}

bool plan_pending(const struct plan *plan, struct plan_trial *trial)
{
    if (plan->again)
        *trial = plan->last;
    return plan->again;
}

int plan_rounds_left(const struct plan *plan)
{
    return plan->left == 0 ? 0 : plan->scenario->repeats - (plan->given ? plan->last.round + 1 : 0);
}
