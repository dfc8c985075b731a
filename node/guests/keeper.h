/* keeper.h - the host's agent as the keeper of its guests.
 *
 * An actor: the session hands it the coordinator's orders (GUEST_START, GUEST_STOP, WATCH, COOL) and
 * takes what it has to say (GUEST_STATE, DOMAINS, WATCHED, COOLED). It works on a thread of its own, since a
 * provider's calls block; none of these functions does, but keeper_close. What it has started for a
 * coordinator ends with that coordinator.
 */
#ifndef TARE_KEEPER_H
#define TARE_KEEPER_H

#include "base/err.h"
#include "guests/loan.h"
#include "wire/message.h"

/* What an agent's --allow may grant beyond measuring: the word, what it means. */
#define KEEPER_RIGHTS(R)                                            \
    R(GUESTS, "guests", "start and stop virtual machines")          \
    R(EXTRA_XML, "extra-xml", "give them devices by libvirt's XML") \
    R(BUILDS, "builds", "run the build of a tree that it names")
#define KEEPER_RIGHT_INDEX(name, word, doc) RIGHT_INDEX_##name,
enum keeper_right_index { KEEPER_RIGHTS(KEEPER_RIGHT_INDEX) RIGHT_COUNT };
#define KEEPER_RIGHT_ENUM(name, word, doc) RIGHT_##name = 1 << RIGHT_INDEX_##name,
enum keeper_right { KEEPER_RIGHTS(KEEPER_RIGHT_ENUM) };

struct provider;

struct keeper_options {
    unsigned rights;                 /* of enum keeper_right */
    const char *libvirt;             /* a URI; NULL: where virtual machines usually are */
    const char *endpoint;            /* the coordinator's, as this agent dials it */
    const struct provider *provider; /* NULL: libvirt's, from its module */
    int64_t patience_ns;             /* with a provider that hangs when all ends; 0: 20 s */
};

struct keeper;

MUST_CHECK bool keeper_open(const struct keeper_options *options, struct keeper **keeper, struct err *e);

/* Ends what it has started. A provider that hangs is left alone after a while. NULL is fine. */
void keeper_close(struct keeper **keeper);

void keeper_greet(struct keeper *keeper); /* a coordinator is here */
void keeper_leave(struct keeper *keeper); /* ... is gone, or its run is over */

/* What it lends to trials of this agent's own; borrowed. */
struct loan *keeper_loan(const struct keeper *keeper);

/* Take an order; false for a message that is none of its own. */
bool keeper_hear(struct keeper *keeper, const struct message *m);

/* Readable when keeper_next has something. */
int keeper_fd(const struct keeper *keeper);
bool keeper_next(struct keeper *keeper, struct message *m);

#endif
