/* start.h - how close together a trial's first operations were, and what that proves. Pure.
 *
 * With f the moment of a first operation on the coordinator's clock and u its bound, for each pair
 *
 *      skew = f_i - f_j  +-  (u_i + u_j)
 *
 *   together   every pair lies within the tolerance, bound included
 *   late       a node's first operation lies outside the tolerance after T, bound excluded
 *   unproven   neither can be shown: a bound is wider than what is asked
 *   single     only one first operation, and it lies within the tolerance of T, bound included
 *   none       no first operation was reported
 *
 * Source: the project's method of starting together, "Arm, fire, verify".
 */
#ifndef TARE_START_H
#define TARE_START_H

#include "base/err.h"
#include "result/model.h"

/* Judge the streams of `trial` that operate: fills verdict, late and skews. Fails when memory is out. */
MUST_CHECK bool start_judge(struct trial *trial, int64_t tolerance_ns, struct err *e);

#endif
