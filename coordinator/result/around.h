/* around.h - what CPUs did around the instant of a start, and what that says of the claim that somebody began then.
 * Pure.
 *
 * A stamp that was taken in a guest proves that it read its clock, not that it ran next. Its host's scheduler knows:
 * a vCPU that waited for a CPU around T by more than the scenario's tolerance may have begun by so much later than the
 * stamp says, whatever the guest tells. No contradiction, as the second witness of witness.h would be; but what it
 * claims is then its own word alone.
 */
#ifndef TARE_AROUND_H
#define TARE_AROUND_H

#include "result/model.h"
#include "result/raw.h"

/* The rows of `trial`, whose streams stand: of each node what it saw stolen from its machine, of each guest that has a
 * stream in it what its host saw of its vCPUs; and the flag of the trial
 *
 *   vcpu_wait   a vCPU of a guest waited for longer than the tolerance (value and limit: seconds), while the guest
 *               claims a first operation within it
 *
 * False when memory is out. */
bool around_add(const struct raw_trial *raw, struct trial *trial);

#endif
