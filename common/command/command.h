/* command.h - what a command takes, as one table.
 *
 * From it come the reading of its arguments, --help, the manual page and the shells' completion.
 * --help itself stands in no table: every command has it.
 */
#ifndef TARE_COMMAND_H
#define TARE_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

/* What an argument is, for those who complete it; a WORD is also checked. */
enum argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_TEXT,
    ARGUMENT_FILE,
    ARGUMENT_WORD, /* one of those that its name lists: "auto|always|never" */
    ARGUMENT_HINT, /* one of those, or another */
    ARGUMENT_VERB, /* a command of the program */
    ARGUMENT_WORKLOAD,
    ARGUMENT_COMMAND, /* a program and its own arguments: options end before it */
};

struct command_option {
    const char *name; /* without the dashes */
    enum argument_kind kind;
    const char *argument; /* "FILE"; NULL without one */
    const char *doc;      /* a clause without a full stop */
    char letter;          /* short form; 0 without */
    bool is_optional;     /* the argument: --lab or --lab=NAME */
    bool is_repeatable;
    bool is_hidden; /* for the tests: taken, but told nowhere */
};

/* What stands beside the options. */
struct command_operand {
    const char *name; /* "SCENARIO", "bash|zsh"; NULL for none */
    enum argument_kind kind;
    int least, most; /* how many there may be; most < 0: any number */
};

struct command {
    const char *name; /* "tare run" */
    const char *doc;  /* one clause */
    const char *text; /* paragraphs, an empty line between two; NULL for none */
    const struct command_option *options;
    size_t option_count;
    struct command_operand operands[2]; /* only the last may be there more or less than once */
    const char *notes;                  /* paragraphs behind the options; NULL for none */
    const char *example;                /* a line each; NULL for none */
    const struct command *const *subs;  /* NULL-ended; NULL where there are none */
    int (*run)(int argc, char **argv);  /* argv[0] is the verb; the exit code (err.h). NULL with subs */
};

/* The last word of its name: "run". */
const char *command_verb(const struct command *command);

/* Called for each option that was given, with its index in the table; `value` may be NULL where the
 * argument is optional. */
typedef bool command_take(void *to, int option, const char *value, struct err *e);

enum command_read {
    COMMAND_REFUSED, /* `e` tells, with where to look */
    COMMAND_HELP,    /* was asked for, nothing else counts */
    COMMAND_READ,    /* argv[optind] and what follows are the operands, as many as there may be */
};

/* Read argv by the table. Uses getopt, so one at a time. */
enum command_read command_read(const struct command *command, int argc, char **argv, command_take *take, void *to,
                               struct err *e);

/* As command_read, and what nearly every command does then: prints the help, or logs the error. -1:
 * go on; else the exit code. */
int command_begin(const struct command *command, int argc, char **argv, command_take *take, void *to);

/* Log the error with the verb in front, and give its exit code. */
int command_fail(const struct command *command, const struct err *e);

/* Give argv to the sub-command that argv[1] names, or to command->run. */
int command_run(const struct command *command, int argc, char **argv);

/* What a program's main ends with: the exit code, after what it has printed is out. Output that could
 * not be written is told in one line, and is a failure; a reader who has seen enough is none. */
int command_finish(int exit_code);

/* ---- what it says of itself ---- */

/* "tare run [OPTION]... SCENARIO" */
void command_usage(const struct command *command, FILE *to);

/* "--archive FILE", "--lab[=NAME]" */
const char *command_option_head(const struct command_option *option, char *out, size_t size);

void command_help(const struct command *command, FILE *to);

/* A page for man(1), in the language of groff's man macros (groff_man(7)). `see` names other pages:
 * "tare-run(1), tare-node(1)"; NULL for none. */
void command_man(const struct command *command, const char *see, FILE *to);

#endif
