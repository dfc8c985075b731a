/* view.h - what the commands that look into the archive share: their options, where their output
 * goes and how wide it is there.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include <limits.h>
#include <stddef.h>

#include "base/err.h"
#include "command/command.h"

struct view {
    const struct command *command;
    const char *format;     /* one of its formats; the first one unless asked */
    const char *run;        /* the argument beside the options; NULL without */
    char archive[PATH_MAX]; /* of --archive, else the user's */
    bool archive_named;     /* by --archive */
    bool color;             /* on stdout: --color, NO_COLOR, whether it is a terminal */
    int width;              /* of stdout: $COLUMNS, else the terminal's, else 100 */
};

/* The options that they have in common, in this order. */
enum { VIEW_FORMAT, VIEW_COLOR, VIEW_ARCHIVE, VIEW_OPTION_COUNT };
/* clang-format off */
#define VIEW_OPTIONS(formats, format_doc)                                                                              \
    [VIEW_FORMAT] = { .name = "format", .kind = ARGUMENT_WORD, .argument = formats, .doc = format_doc },              \
    [VIEW_COLOR] = { .name = "color", .kind = ARGUMENT_WORD, .argument = "auto|always|never",                         \
                     .doc = "colours in the table; NO_COLOR is heeded" },                                              \
    [VIEW_ARCHIVE] = { .name = "archive", .kind = ARGUMENT_FILE, .argument = "FILE",                                  \
                       .doc = "another archive than the user's own" }
/* clang-format on */

/* Read the arguments of a command that has these options. -1: go on; else the exit code. */
int view_begin(const struct command *command, int argc, char **argv, struct view *view);

/* Write all of it to stdout. A reader who has seen enough (EPIPE) is no failure. */
MUST_CHECK bool view_write(const char *text, size_t size, struct err *e);

#endif
