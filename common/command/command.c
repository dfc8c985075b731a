#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/words.h"

enum { OPTIONS_MAX = 31, WORDS = 1024 };

const char *command_verb(const struct command *command)
{
    const char *blank = strrchr(command->name, ' ');
    return blank ? blank + 1 : command->name;
}

/* The table as getopt_long wants it: values from 256 on, so that no letter is one of them. */
static void make_getopt(const struct command *c, struct option *options, char *letters, size_t size)
{
    bool is_prefix = false; /* options end at the first operand */
    for (size_t i = 0; i < ARRAY_SIZE(c->operands); i++)
        is_prefix |= c->operands[i].name && c->operands[i].kind == ARGUMENT_COMMAND;
    text_append(letters, size, "%s:h", is_prefix ? "+" : "");
    size_t count = c->option_count < OPTIONS_MAX ? c->option_count : OPTIONS_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct command_option *o = &c->options[i];
        int has = o->is_optional ? optional_argument : o->argument ? required_argument : no_argument;
        options[i] = (struct option){ o->name, has, NULL, 256 + (int)i };
        if (o->letter)
            text_append(letters, size, "%c%s", o->letter, has == required_argument ? ":" : "");
    }
    options[count] = (struct option){ "help", no_argument, NULL, 'h' };
    options[count + 1] = (struct option){ 0 };
}

static int index_of(const struct command *c, int value)
{
    for (size_t i = 0; value < 256 && i < c->option_count; i++)
        if (c->options[i].letter == value)
            return (int)i;
    return value - 256;
}

static bool refuse_unknown(const struct command *c, const char *given, struct err *e)
{
    char known[WORDS] = "help", nearest[64], name[64] = "";
    for (size_t i = 0; i < c->option_count; i++)
        if (!c->options[i].is_hidden)
            words_add(known, sizeof known, c->options[i].name);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    if (strncmp(name, "--", 2) == 0 && words_nearest(known, name + 2, nearest, sizeof nearest))
        return err_set(e, ERR_USAGE, "unknown option '%.40s': did you mean '--%s'? see `%s --help`", given, nearest,
                       c->name);
    return err_set(e, ERR_USAGE, "unknown option '%.40s'; see `%s --help`", given, c->name);
}

static bool check_word(const struct command_option *o, const char *value, struct err *e)
{
    if (o->kind != ARGUMENT_WORD || !value || words_index(o->argument, value) >= 0)
        return true;
    return err_set(e, ERR_USAGE, "--%s '%.40s' is none of %s", o->name, value, o->argument);
}

static bool check_operands(const struct command *c, int argc, char **argv, struct err *e)
{
    int least = 0, most = 0, given = argc - optind;
    const char *missing = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(c->operands) && c->operands[i].name; i++) {
        const char *word = (int)i < given && c->operands[i].kind == ARGUMENT_WORD ? argv[optind + (int)i] : NULL;
        if (word && words_index(c->operands[i].name, word) < 0)
            return err_set(e, ERR_USAGE, "'%.40s' is none of %s; see `%s --help`", word, c->operands[i].name, c->name);
        least += c->operands[i].least;
        most = c->operands[i].most < 0 || most < 0 ? -1 : most + c->operands[i].most;
        if (given < least && !missing)
            missing = c->operands[i].name;
    }
    if (missing)
        return err_set(e, ERR_USAGE, "%s is missing, as in `%.*s`", missing,
                       (int)strcspn(c->example ? c->example : c->name, "\n"), c->example ? c->example : c->name);
    if (most >= 0 && given > most)
        return err_set(e, ERR_USAGE, "what is '%.40s'? see `%s --help`", argv[optind + most], c->name);
    return true;
}

enum command_read command_read(const struct command *c, int argc, char **argv, command_take *take, void *to,
                               struct err *e)
{
    struct option options[OPTIONS_MAX + 2];
    char letters[2 * OPTIONS_MAX + 8] = "";
    make_getopt(c, options, letters, sizeof letters);
    optind = 0; /* glibc: begin anew */
    opterr = 0; /* one voice */
    for (int value; (value = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
        if (value == 'h')
            return COMMAND_HELP;
        if (value == ':') {
            err_set(e, ERR_USAGE, "%.40s needs a value; see `%s --help`", argv[optind - 1], c->name);
            return COMMAND_REFUSED;
        }
        if (value == '?') {
            /* getopt moves on only behind the last letter of "-xyz" */
            char letter[3] = { '-', (char)optopt, '\0' };
            bool is_long = optopt == 0 || optopt >= 256 || strncmp(argv[optind - 1], "--", 2) == 0;
            if (optopt >= 256)
                err_set(e, ERR_USAGE, "%.40s takes no value; see `%s --help`", argv[optind - 1], c->name);
            else
                refuse_unknown(c, is_long ? argv[optind - 1] : letter, e);
            return COMMAND_REFUSED;
        }
        int index = index_of(c, value);
        if (!check_word(&c->options[index], optarg, e) || (take && !take(to, index, optarg, e)))
            return COMMAND_REFUSED;
    }
    return check_operands(c, argc, argv, e) ? COMMAND_READ : COMMAND_REFUSED;
}

int command_fail(const struct command *c, const struct err *e)
{
    const char *blank = strchr(c->name, ' '); /* "lab up" of "tare lab up" */
    log_error("%s%s%s", blank ? blank + 1 : "", blank ? ": " : "", e->text);
    return (int)e->exit;
}

int command_begin(const struct command *c, int argc, char **argv, command_take *take, void *to)
{
    struct err e = { 0 };
    switch (command_read(c, argc, argv, take, to, &e)) {
    case COMMAND_READ: return -1;
    case COMMAND_HELP: command_help(c, stdout); return 0;
    case COMMAND_REFUSED: break;
    }
    return command_fail(c, &e);
}

/* Also where the cause is not known any more: earlier output was lost, later output was not. */
static bool has_reader(int fd)
{
    struct pollfd reader = { .fd = fd, .events = POLLOUT };
    return poll(&reader, 1, 0) < 0 || (reader.revents & POLLERR) == 0;
}

int command_finish(int exit_code)
{
    bool was_lost = ferror(stdout) != 0;
    int cause = fflush(stdout) == 0 ? 0 : errno;
    if ((!was_lost && cause == 0) || cause == EPIPE || !has_reader(STDOUT_FILENO))
        return exit_code;
    log_error("cannot write the output%s%s", cause ? ": " : "", cause ? strerror(cause) : "");
    return exit_code ? exit_code : ERR_INTERNAL;
}

int command_run(const struct command *c, int argc, char **argv)
{
    if (!c->subs)
        return c->run(argc, argv);
    if (argc < 2) {
        command_help(c, stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        command_help(c, stdout);
        return 0;
    }
    char known[WORDS] = "", shown[WORDS], nearest[64];
    for (size_t i = 0; c->subs[i]; i++) {
        if (strcmp(argv[1], command_verb(c->subs[i])) == 0)
            return command_run(c->subs[i], argc - 1, argv + 1);
        words_add(known, sizeof known, command_verb(c->subs[i]));
    }
    struct err e = { 0 };
    if (words_nearest(known, argv[1], nearest, sizeof nearest))
        err_set(&e, ERR_USAGE, "no command '%.40s': did you mean '%s'? see `%s --help`", argv[1], nearest, c->name);
    else
        err_set(&e, ERR_USAGE, "no command '%.40s'; there are: %s", argv[1], words_show(known, shown, sizeof shown));
    return command_fail(c, &e);
}
