/* label_confined.h - how a guest's host was made comparable to it, as part of the label. Pure. */
#ifndef TARE_LABEL_CONFINED_H
#define TARE_LABEL_CONFINED_H

#include "result/label.h"

/* To what the work of both sides was kept in their trials (`how` CONFINED_NOT: to nothing). CPUs and memory of a side
 * that was confined are those, the memory of a guest on the other side then what it had available; the differences that
 * label_of found in the whole machines are replaced. Of a host that was booted with as few as its guest has, by
 * maxcpus= or nr_cpus= and mem=, the label says so. */
void label_add_confined(struct label *label, const struct label_side *base, const struct confined *base_confined,
                        const struct label_side *with, const struct confined *with_confined);

/* What of the envelopes is outside them; none are, and nothing changes. */
void label_add_outside(struct label *label, const char *what);

#endif
