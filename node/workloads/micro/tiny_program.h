/* tiny_program.h - a program that does nothing but end: the same everywhere, so that what it costs to start it
 * is the kernel's alone. */
#ifndef TARE_TINY_PROGRAM_H
#define TARE_TINY_PROGRAM_H

#include "base/err.h"

/* Its file, in memory, to be run by fexecve(3). Closed on exec. Fails on a CPU that it is not written for. */
MUST_CHECK bool tiny_program_make(int *fd, struct err *e);

#endif
