/* complaints.h - which faults of a sender are worth a line.
 *
 * Whoever has a key can send what makes no sense as fast as the network carries it. Its faults are told
 * one by one as far as an allowance goes; what is beyond is counted, and told as a number.
 *
 * PURE: no clock, no log.
 */
#ifndef TARE_COMPLAINTS_H
#define TARE_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMPLAINTS_AT_ONCE = 20, COMPLAINTS_EVERY_S = 10 }; /* so many, and one more as often */

struct complaints;

/* NULL when memory is out. */
struct complaints *complaints_new(void);
void complaints_destroy(struct complaints **complaints);

/* Whether the fault of `sender` (its key: there are as many as have the right to one) is told now.
 * `note` is what to add to the line, often "": how many were not told before it, and that the next
 * ones will not be. */
bool complaints_may_tell(struct complaints *complaints, const char *sender, int64_t now_mono, char *note, size_t size);

#endif
