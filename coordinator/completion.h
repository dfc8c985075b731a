/* completion.h - what a shell completes after `tare`, as a script made from the tables of commands. */
#ifndef TARE_COMPLETION_H
#define TARE_COMPLETION_H

#include <stdio.h>

#include "command/command.h"

/* The words that can stand for an argument of this kind, with blanks between; "" where there is no list
 * of them. Returns `out`. */
const char *completion_words(const struct command *root, enum argument_kind kind, const char *name, char *out,
                             size_t size);

/* For bash 4 and later; needs nothing of the package bash-completion. */
void completion_bash(const struct command *root, FILE *to);

/* For zsh, as the file _tare in a directory of its fpath. */
void completion_zsh(const struct command *root, FILE *to);

#endif
