/* build_plan.h - what is run to build a tree: pure.
 *
 * A kernel's tree stays as it is, its objects go elsewhere (O=); of a part of it nothing but that part is timed, the
 * rest being made ready before. Any other tree is copied, and built in its copy. A build begins each time from the
 * same files, which are kept beside it.
 */
#ifndef TARE_BUILD_PLAN_H
#define TARE_BUILD_PLAN_H

#include <limits.h>

#include "catalogue/compile_options.h"

enum { BUILD_WORDS_MAX = 64, BUILD_TEXT = 1024 };

struct build_plan {
    const struct compile_options *options;
    bool is_kernel;
    int jobs;
    const char *tree, *objects; /* as the program sees them */
};

enum build_step {
    BUILD_COPY_CONFIG, /* of a kernel whose `config` is a file */
    BUILD_CONFIGURE,
    BUILD_PREPARE,
    BUILD_COPY_TREE, /* of any other tree */
    BUILD_ALL,       /* the one that is timed */
    BUILD_STEP_COUNT
};

/* A command: its words end with NULL and stand in `text`. */
struct build_command {
    const char *words[BUILD_WORDS_MAX + 1];
    char text[BUILD_TEXT];
    size_t count, used;
};

/* Whether the directory `tree` is a kernel's. */
bool build_is_kernel(const char *tree);

/* False where the plan has no such step; fails when the words are too many or too long. */
bool build_has_step(const struct build_plan *plan, enum build_step step);
MUST_CHECK bool build_command(const struct build_plan *plan, enum build_step step, struct build_command *command,
                              struct err *e);

/* The command for people, cut where `size` is too small. */
const char *build_show(const struct build_command *command, char *text, size_t size);

#endif
