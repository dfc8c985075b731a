/* view.h - what the commands that look into the archive share: their options, where their output
 * goes and how wide it is there.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include <limits.h>
#include <stddef.h>

#include "base/err.h"

struct view {
    const char *command;    /* "show" */
    const char *format;     /* one of its formats; the first one unless asked */
    const char *run;        /* the argument beside the options; NULL without */
    char archive[PATH_MAX]; /* of --archive, else the user's */
    bool archive_named;     /* by --archive */
    bool help;
    bool color; /* on stdout: --color, NO_COLOR, whether it is a terminal */
    int width;  /* of stdout: $COLUMNS, else the terminal's, else 100 */
};

/* Read the arguments; `formats` is "table|json", `arguments` how many there may be beside options. */
MUST_CHECK bool view_parse(int argc, char **argv, const char *formats, int arguments, struct view *view, struct err *e);

/* Write all of it to stdout. A reader who has seen enough (EPIPE) is no failure. */
MUST_CHECK bool view_write(const char *text, size_t size, struct err *e);

/* Tell the error in one line, and give its exit code. */
int view_fail(const struct view *view, const struct err *e);

#endif
