/* cmd_man.c - `tare man`: the manual pages, from the tables of commands. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "commands.h"

static const struct command_option OPTIONS[] = {
    { .name = "all", .kind = ARGUMENT_FILE, .argument = "DIRECTORY", .doc = "write every page there, as tare-run.1" },
};

const struct command tare_man = {
    .name = "tare man",
    .doc = "the manual page of a command, for man(1)",
    .text = "Without a COMMAND that of tare itself.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "COMMAND", ARGUMENT_VERB, 0, 1 } },
    .example = "tare man run | man -l -",
    .run = cmd_man,
};

/* Every page names all others; the agents' are made by the agents. */
static void write_page(const struct command *page, FILE *to)
{
    char see[1024] = "";
    if (page != &tare_root)
        text_append(see, sizeof see, "tare(1), ");
    for (size_t i = 0; tare_root.subs[i]; i++)
        if (tare_root.subs[i] != page)
            text_append(see, sizeof see, "tare-%s(1), ", command_verb(tare_root.subs[i]));
    text_append(see, sizeof see, "tare-node(1), tare-netserver(1)");
    command_man(page, see, to);
}

static bool write_file(const struct command *page, const char *directory, struct err *e)
{
    char path[1024] = "";
    text_append(path, sizeof path, "%s/tare%s%s.1", directory, page == &tare_root ? "" : "-",
                page == &tare_root ? "" : command_verb(page));
    FILE *file = fopen(path, "w");
    if (!file)
        return err_errno(e, errno, "cannot write %s", path);
    write_page(page, file);
    bool ok = !ferror(file);
    return (fclose(file) == 0 && ok) || err_errno(e, errno, "cannot write %s", path);
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    (void)option, (void)e; /* there is but one */
    *(const char **)to = value;
    return true;
}

int cmd_man(int argc, char **argv)
{
    const char *directory = NULL;
    struct err e = { 0 };
    int code = command_begin(&tare_man, argc, argv, take, &directory);
    if (code >= 0)
        return code;
    if (directory) {
        bool ok = write_file(&tare_root, directory, &e);
        for (size_t i = 0; ok && tare_root.subs[i]; i++)
            ok = write_file(tare_root.subs[i], directory, &e);
        return ok ? 0 : command_fail(&tare_man, &e);
    }
    if (optind == argc) {
        write_page(&tare_root, stdout);
        return 0;
    }
    for (size_t i = 0; tare_root.subs[i]; i++)
        if (strcmp(argv[optind], command_verb(tare_root.subs[i])) == 0) {
            write_page(tare_root.subs[i], stdout);
            return 0;
        }
    err_set(&e, ERR_USAGE, "no command '%.40s'; `tare --help` lists them", argv[optind]);
    return command_fail(&tare_man, &e);
}
