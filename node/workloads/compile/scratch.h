/* scratch.h - the directory that a build has for itself: DIRECTORY/tare-compile-UID-N, N being the first that
 * no living process has, so that it is the same one each time, as what is compiled names its own paths.
 *
 * It is locked as long as it is used. What a process that was killed has left is removed by the next that looks.
 */
#ifndef TARE_SCRATCH_H
#define TARE_SCRATCH_H

#include <limits.h>

#include "base/err.h"

struct scratch {
    int lock_fd;
    char path[PATH_MAX - 256];      /* "" for none */
    char kept[PATH_MAX - 256 + 16]; /* where a build that failed is kept: beside it */
};

/* Take one in `directory`, empty, and remove what dead processes have left there. */
MUST_CHECK bool scratch_take(const char *directory, struct scratch *scratch, struct err *e);

/* Remove it. None is fine. */
void scratch_give_back(struct scratch *scratch);

/* Only remove what dead processes have left in `directory`. */
void scratch_tidy(const char *directory);

/* `name` in it becomes what is kept of the last failure, in the place of an earlier one. */
MUST_CHECK bool scratch_keep(const struct scratch *scratch, const char *name, struct err *e);

#endif
