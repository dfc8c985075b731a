/* beside.h - files of ours that a program needs and that are no part of it: modules, libraries. */
#ifndef TARE_BESIDE_H
#define TARE_BESIDE_H

#include <limits.h>
#include <stdbool.h>

/* The program that runs. */
#define BESIDE_THIS "/proc/self/exe"

/* Where `name` stands: with `program`, or in "../lib/tare" from there. A build has its own with it, so an older one
 * that is installed is not taken. False where there is none that can be read. */
bool beside_find(const char *program, const char *name, char path[PATH_MAX]);

#endif
