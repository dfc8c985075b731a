/* descriptors.h - how many files and connections this process may have open.
 *
 * A soft limit is 1024 as a rule, for the sake of programs that use select(2); the hard one is many
 * times that. A process that holds thousands of connections asks for it itself.
 */
#ifndef TARE_DESCRIPTORS_H
#define TARE_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>

/* Raise the soft limit to the hard one. Returns what the limit is from then on. */
size_t descriptors_raise(void);

/* What the limit is now. */
size_t descriptors_limit(void);

/* Whether about `spare` more can be opened: seen from the number that the next one gets, which is the
 * lowest that is free. `fd` is any that is open. Two system calls. */
bool descriptors_left(int fd, size_t spare);

#endif
