/* fingerprint.h - the facts of a machine that a figure depends on, as one JSON object.
 *
 * What a kernel does not tell is an absent key, never a guess; the coordinator's table of classes
 * (must match, matters to a workload, recorded) decides what a difference means. Values are texts
 * as the kernel writes them, but for the keys that fingerprint.c lists as numbers and booleans.
 */
#ifndef TARE_FINGERPRINT_H
#define TARE_FINGERPRINT_H

#include <stddef.h>

#include "base/err.h"
#include "observe/netdev.h"

enum { FINGERPRINT_MAX = 16 * 1024 };

/* Write the object into `json` of `size` bytes. `root` is put in front of every path: "" for this
 * machine, another directory for tests. `devs`: what netdevs_read found; NULL to say nothing of them. Facts that no
 * longer fit are left out, with "cut": true at the end. Fails only when not even `{}` fits. Reads about 60 small files:
 * 1 to 5 ms. */
MUST_CHECK bool fingerprint_write(const char *root, const struct netdevs *devs, char *json, size_t size, struct err *e);

#endif
