/* trees.h - the source trees that a coordinator sends this node: an actor of its own, since to write, to check and to
 * unpack them takes time. None of these functions blocks, but trees_close.
 */
#ifndef TARE_NODE_TREES_H
#define TARE_NODE_TREES_H

#include "base/err.h"
#include "wire/message.h"

struct trees;

/* `may_build`: whether an offer is taken at all. */
MUST_CHECK bool trees_open(bool may_build, struct trees **trees, struct err *e);
void trees_close(struct trees **trees);

void trees_leave(struct trees *trees); /* the coordinator is gone, or its run is over */

/* Take a message; false for one that is none of its own. */
bool trees_hear(struct trees *trees, const struct message *m);

/* Readable when trees_next has something. */
int trees_fd(const struct trees *trees);
bool trees_next(struct trees *trees, struct message *m);

#endif
