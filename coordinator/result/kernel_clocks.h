/* kernel_clocks.h - what the kernel of a node did to its clocks before and after a trial, and whether that changed
 * over it. Pure. */
#ifndef TARE_KERNEL_CLOCKS_H
#define TARE_KERNEL_CLOCKS_H

#include "result/model.h"
#include "result/raw.h"

/* The rows of `node`, one a moment that it told of, and a flag of the trial:
 *
 *   kernel_clock   the frequency was stepped by more than the wander that is assumed of clocks (value and limit: ppm;
 *                  a daemon that trims it by less is what a disciplined clock looks like), or the kernel's state
 *                  changed: synchronized, its status, a slew of adjtime(3) that began or ended, its clock source
 *
 * False when memory is out. */
bool kernel_clocks_add(const struct raw_node *node, struct trial *trial);

#endif
