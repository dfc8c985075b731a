/* witness.h - the word of those who receive against the word of those who send. Pure.
 *
 * The sending end of a flow claims its first operation at f, within [f_low, f_high] of the coordinator's
 * clock. The kernel of the receiving end has the flow's first bytes at a, not after a_high. Nothing
 * arrives before it was sent:
 *
 *      a_high < f_low      contradicts the claim
 *
 * A claim that is contradicted proves nothing: the trial is flagged, and its start is unproven.
 */
#ifndef TARE_WITNESS_H
#define TARE_WITNESS_H

#include "base/err.h"
#include "result/model.h"
#include "result/raw.h"

/* Of `trial`, whose streams are those of raw's ends, in their order, and whose verdict stands. Fails when
 * memory is out. */
MUST_CHECK bool witness_check(const struct raw_trial *raw, struct trial *trial, struct err *e);

#endif
