/* libraries.h - the shared libraries that this very program runs with.
 *
 * The guest's agent is this program, so what the dynamic linker has loaded here is what it needs
 * there, under the same names: nothing is resolved a second time, and no foreign code is run to ask.
 */
#ifndef TARE_LIBRARIES_H
#define TARE_LIBRARIES_H

#include <limits.h>
#include <stddef.h>

#include "base/err.h"

enum { LIBRARIES_MAX = 128 };

struct libraries {
    size_t count;
    char paths[LIBRARIES_MAX][PATH_MAX]; /* absolute; the dynamic linker itself among them */
};

/* To be asked before any module is loaded, whose libraries the guest does not need. */
MUST_CHECK bool libraries_of_this_program(struct libraries *libraries, struct err *e);

#endif
