/* interrupts.h - on which CPUs a network card interrupts, and having it interrupt on others (proc(5), /proc/irq).
 *
 * By the card's place on the bus, as its driver tells it: /sys/class/net shows the devices of the namespace in which it
 * was mounted, which may be another machine's of the same name. `root` is "" for this machine, a directory for tests.
 */
#ifndef TARE_INTERRUPTS_H
#define TARE_INTERRUPTS_H

#include <stddef.h>

#include "base/err.h"

enum { INTERRUPTS_MAX = 256, INTERRUPTS_BUS = 32 };

/* Where the device `name` of this network namespace sits, as in 0000:00:03.0; "" for one that is no card. */
void interrupts_bus(const char *name, char bus[INTERRUPTS_BUS]);

/* The numbers of the interrupts of a card, at most INTERRUPTS_MAX. */
size_t interrupts_of(const char *root, const char *bus, unsigned *numbers);

/* The CPUs that interrupt `number` may come to, as a list. */
MUST_CHECK bool interrupts_get(const char *root, unsigned number, char *cpus, size_t size);

/* Fails, with why, where the kernel keeps it where it is, or the right is missing. */
MUST_CHECK bool interrupts_set(const char *root, unsigned number, const char *cpus, struct err *e);

#endif
