/* enrol.h - from a token to a key of one's own.
 *
 * The agent makes its key pair, keeps it as NAME.enrol, and asks the coordinator with the token's key
 * to record its own; on GRANTED the file becomes NAME.invite, and from then on the agent is a node
 * like any other. An agent that dies in between asks for the same again, which costs no use.
 */
#ifndef TARE_ENROL_H
#define TARE_ENROL_H

#include "base/err.h"
#include "wire/keys.h"

struct enrol_place {
    char dir[512];       /* 0700 */
    char name[KEY_NAME]; /* the node's to be */
};

/* `dir` NULL: the user's own; `name` NULL: that of this host. */
MUST_CHECK bool enrol_place(const char *dir, const char *name, struct enrol_place *place, struct err *e);

/* The invite that is kept there, if there is one (*found). */
MUST_CHECK bool enrol_kept(const struct enrol_place *place, struct invite *invite, bool *found, struct err *e);

/* Ask until it is granted, then fill `invite`; tells in the log why it is refused, and goes on. False
 * without an error (e->text is empty) when `signal_fd` became readable. `program` as for HELLO. */
MUST_CHECK bool enrol_run(const struct invite *token, const struct enrol_place *place, const char *program,
                          int signal_fd, struct invite *invite, struct err *e);

#endif
