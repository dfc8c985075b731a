/* join.h - into the namespaces of a lab's machine. */
#ifndef TARE_LAB_JOIN_H
#define TARE_LAB_JOIN_H

#include "lab/record.h"

/* Move the calling process into those namespaces of `machine` that `kinds` names (CLONE_NEWNET,
 * CLONE_NEWPID, ...); for a user's lab into its user namespace first. It must have one thread.
 * CLONE_NEWPID is for children only, as setns(2) has it. CLONE_NEWNS keeps the working directory
 * where it is to be had. */
MUST_CHECK bool lab_join(const struct lab_record *record, int machine, int kinds, struct err *e);

/* Let programs that this process starts keep the capabilities that it has in the lab's user
 * namespace: without it an exec by an ordinary user drops them (capabilities(7), "ambient"). */
MUST_CHECK bool lab_keep_capabilities(struct err *e);

/* The threads of this process are one. */
MUST_CHECK bool lab_is_single_threaded(struct err *e);

#endif
