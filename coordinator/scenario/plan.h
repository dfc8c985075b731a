/* plan.h - from a scenario to its trials, one after the other.
 *
 * A round is one pass over all steps; a block is one step within a round; a paired block holds a
 * trial for each node under test, a block of 'together' one trial with all of them. The plan is a
 * generator, so that what follows may depend on what was measured.
 *
 * Where a built-in guest is off or paused while others are measured, a round is given in two phases, the trials
 * without such guests and those with them, so that a round holds one boot; the phases' order turns from
 * round to round.
 */
#ifndef TARE_PLAN_H
#define TARE_PLAN_H

#include <stdint.h>

#include "scenario/scenario.h"

struct plan_trial {
    int round;        /* from 0 */
    int step;         /* index into the scenario's steps */
    int block;        /* counts all blocks of the run from 0 */
    int idx;          /* the trial's place within its block, from 0 */
    int attempt;      /* 0, then 1, 2... where it is given again, for whatever reason */
    const int *loads; /* the nodes under test, borrowed from the scenario; one of them in a paired block */
    size_t load_count;
};

struct plan;

/* Borrows `scenario`, which must outlive the plan. `seed` says what the random order of the nodes in each
 * block is; the scenario's own, or another one. NULL when memory is out. */
struct plan *plan_new(const struct scenario *scenario, uint64_t seed);
void plan_destroy(struct plan **plan);

/* The next trial; false when there is none. */
bool plan_next(struct plan *plan, struct plan_trial *trial);

/* The last trial's start was bad: make plan_next give it again as the next attempt. False when
 * the scenario allows no further one. */
bool plan_again(struct plan *plan);

/* The last trial never started: make plan_next give it again as the next attempt, at most `most`
 * times a trial, whatever the scenario says of bad starts. False when none is left. */
bool plan_retry(struct plan *plan, int most);

/* Whether a guest that is off or paused for others takes part in the trial. */
bool plan_needs_guests(const struct scenario *scenario, const struct plan_trial *trial);

/* The guest (of the scenario's nodes) to whose CPUs and memory the trial's node is confined, its host; -1: to none. */
int plan_confined_by(const struct scenario *scenario, const struct plan_trial *trial);

/* The guest whose envelope is kept in the trial: by its host's work or (*is_its_own) its own, which its host is
 * compared with; -1: none. */
int plan_enclosed(const struct scenario *scenario, const struct plan_trial *trial, bool *is_its_own);

/* A step is known well enough, or cannot be run here: no more of it is given. Not while a repetition is pending. */
void plan_end_step(struct plan *plan, int step);

bool plan_has_ended(const struct plan *plan, int step);

/* Whether the last trial was its block's last, and is not to be given again. */
bool plan_is_block_over(const struct plan *plan);

/* Trials of the whole plan without repeated attempts, and of those not yet given. */
/* Of steps that were ended early only those that were given. */
int plan_total(const struct plan *plan);
int plan_left(const struct plan *plan);

/* A trial's place among those of its step in one round that a plan may give in any order: of a paired step its node's
 * in `on`, else 0. */
int plan_slot(const struct scenario *scenario, const struct plan_trial *trial);

/* What is left, taken apart: of a step's slot; a repetition that is pending, true with it; rounds that have not begun.
 */
int plan_left_of(const struct plan *plan, int step, int slot);
bool plan_pending(const struct plan *plan, struct plan_trial *trial);
int plan_rounds_left(const struct plan *plan);

#endif
