/* agents.h - the agents of a lab: tare-node on each host, tare-netserver on each peer. */
#ifndef TARE_LAB_AGENTS_H
#define TARE_LAB_AGENTS_H

#include "lab/record.h"

/* Both programs stand beside this one. */
MUST_CHECK bool lab_agents_check(struct err *e);

/* The lab's keyring in `dir`, and an invite for each agent. */
MUST_CHECK bool lab_agents_invite(const struct lab_record *record, const char *dir, struct err *e);

/* Start them; they belong to the lab's init. Fills them into `record`. That an agent ends is no
 * error here: its words stand in its log. */
MUST_CHECK bool lab_agents_start(struct lab_record *record, const char *dir, const struct lab_options *options,
                                 struct err *e);

/* Name on stderr each agent that has ended, with the last lines of its log: a lab's directory goes with the lab. */
void lab_agents_tell_ended(const struct lab_record *record, const char *dir);

#endif
