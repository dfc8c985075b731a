/* arrival.h - when the first bytes of a flow arrived, by the kernel of the side that receives them.
 *
 * A witness from outside: a sender's stamp says that it read its clock, this one that its packet was
 * there. It depends on neither process, and needs the receiving one no earlier than it comes to read.
 */
#ifndef TARE_ARRIVAL_H
#define TARE_ARRIVAL_H

#include <stdint.h>

#include "flow/flow.h"
#include "stamp/wall.h"

/* Wait until `fd`, a socket of the flow, has something to read, or the flow is stopped or aborted, and
 * leave all of it where it is: the loop that follows reads as if nobody had looked. RAW, not earlier than
 * the arrival; 0 where the kernel gives no stamp, or the wall clock was moved while it waited.
 *
 * TCP merges what arrives while nobody reads, and the newest of it gives the stamp: so it may be of a
 * packet shortly after the first one, never of one before. */
int64_t arrival_await(const struct flow *flow, int fd);

/* The same of a connection that comes with its first bytes, without waiting: what is there now. `wall` has
 * read the clocks (arrival_read_clocks) before they can have come. */
void arrival_read_clocks(struct wall *wall);
int64_t arrival_look(struct wall *wall, int fd);

#endif
