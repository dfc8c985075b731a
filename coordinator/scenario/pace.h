/* pace.h - how long a plan's trials take: what a person may expect of each, then what was seen of it.
 *
 * What is expected is a span: a workload that ends by itself takes an emulated guest some times as long (the catalogue
 * says how many), and whether a guest is emulated may not be known before it runs. An earlier run of the same scenario
 * says how long all of it takes, and a finished trial how long the next ones of its step on its nodes do.
 */
#ifndef TARE_PACE_H
#define TARE_PACE_H

#include "base/units.h"
#include "scenario/plan.h"

enum pace_accel { PACE_UNKNOWN, PACE_KVM, PACE_EMULATED };

struct pace;

/* Borrows `scenario`. A trial needs `overhead_ns` beside its own times; `accel` is what guests have whose declaration
 * leaves that open. NULL when memory is out. */
struct pace *pace_new(const struct scenario *scenario, int64_t overhead_ns, enum pace_accel accel);
void pace_destroy(struct pace **pace);

/* Guest `node` of the scenario has it. */
void pace_set_accel(struct pace *pace, int node, enum pace_accel accel);

/* An earlier run of the whole plan took so long. */
void pace_set_whole(struct pace *pace, int64_t whole_ns);

/* The trial took so long, from where it was prepared, its guests being there, to its end; it replaces what was known.
 */
void pace_saw(struct pace *pace, const struct plan_trial *trial, int64_t took_ns);

/* Guests were started and ended for so long, in one round. */
void pace_saw_guests(struct pace *pace, int64_t took_ns);

/* Of a trial; of all that `plan` has left, a pending repetition with them, and of their guests. */
struct span_ns pace_of(const struct pace *pace, const struct plan_trial *trial);
struct span_ns pace_left(const struct pace *pace, const struct plan *plan);

#endif
