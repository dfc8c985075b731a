/* enclosure.h - a guest kept to some CPUs of its host, with everything that serves it, and put back afterwards.
 *
 * Each of its threads keeps what it may use of these CPUs: pinning within them stands. A thread that starts later has
 * the CPUs of the one that started it, so none gets out. How everything was is noted before it is changed. Of what
 * outlives its agent, somebody's own domain and the interrupts of a card, the note is a file of the user's runtime
 * directory whose lock the agent holds: after one that was killed the next puts it back (enclosure_note_tidy).
 */
#ifndef TARE_ENCLOSURE_H
#define TARE_ENCLOSURE_H

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

#include "guests/enclosure_note.h"

struct enclosure {
    cpu_set_t cpus;
    pid_t pid; /* of the guest's process; 0: none is in it */
    struct enclosure_note note;
};

/* The CPUs of the vCPUs' envelope, as a list: those of `pin` where that is given, one each in turn, else the first
 * `count` that both this agent and the vCPUs of the process may use. Fails where these are too few. */
MUST_CHECK bool enclosure_choose(pid_t pid, const char *pin, unsigned count, char *list, size_t size, struct err *e);

/* Begin an empty one; `list` as from enclosure_choose. */
MUST_CHECK bool enclosure_open(const char *root, const char *list, struct enclosure *x, struct err *e);

/* Keep the guest's threads to it. `outlives`: its process does not end with this agent. Fails, with what stands in the
 * way, when one of them is pinned elsewhere, or must not be moved; nothing of it has changed then. */
MUST_CHECK bool enclosure_take(struct enclosure *x, pid_t pid, bool outlives, struct err *e);

/* Have a card interrupt there alone. Those that stay elsewhere are appended to `outside`, "12, 13". */
MUST_CHECK bool enclosure_interrupts(struct enclosure *x, const char *bus, char *outside, size_t size, struct err *e);

/* How many of the guest's threads are not kept to it (any more); -1 where it is gone or there is none. */
int enclosure_strays(const struct enclosure *x);

/* Everything as it was. Does nothing to an empty one, or one all zeros. */
void enclosure_close(struct enclosure *x);

#endif
