#include <string.h>

#include "base/text.h"
#include "command/command.h"

enum { WIDTH = 100, HEAD_MOST = 24, INDENT = 2 };

const char *command_option_head(const struct command_option *o, char *out, size_t size)
{
    *out = '\0';
    if (o->letter)
        text_append(out, size, "-%c, ", o->letter);
    text_append(out, size, "--%s", o->name);
    if (o->argument)
        text_append(out, size, o->is_optional ? "[=%s]" : " %s", o->argument);
    return out;
}

void command_usage(const struct command *c, FILE *to)
{
    fputs(c->name, to);
    if (c->subs) {
        fputs(" COMMAND [ARGUMENT]...", to);
        return;
    }
    size_t shown = 0;
    for (size_t i = 0; i < c->option_count; i++)
        shown += !c->options[i].is_hidden;
    if (shown > 0)
        fputs(shown == 1 ? " [OPTION]" : " [OPTION]...", to);
    for (size_t i = 0; i < ARRAY_SIZE(c->operands) && c->operands[i].name; i++) {
        const struct command_operand *o = &c->operands[i];
        bool is_command = o->kind == ARGUMENT_COMMAND;
        fprintf(to, o->least ? "%s%s" : "%s[%s]", is_command ? " -- " : " ", o->name);
        if (o->most < 0 || o->most > 1)
            fputs(is_command ? " [ARG]..." : "...", to);
    }
}

/* Words up to the width, the first line from column `used`, the others from `indent`. */
static void put_wrapped(const char *text, size_t size, int used, int indent, FILE *to)
{
    bool blank = false;
    for (const char *end = text + size; text < end;) {
        size_t word = strcspn(text, " \n");
        if (word > (size_t)(end - text))
            word = (size_t)(end - text);
        if (blank && used + 1 + (int)word > WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            used = indent;
            blank = false;
        }
        fprintf(to, "%s%.*s", blank ? " " : "", (int)word, text);
        used += (int)word + blank;
        blank = true;
        text += word + strspn(text + word, " \n");
    }
    fputc('\n', to);
}

static void put_paragraphs(const char *text, FILE *to)
{
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        size_t size = end ? (size_t)(end - text) : strlen(text);
        fputc('\n', to);
        put_wrapped(text, size, 0, 0, to);
        text = end ? end + 2 : NULL;
    }
}

/* A line of a list: its head in a column of its own, its text beside it. */
static void put_item(const char *head, int column, const char *doc, bool is_repeatable, FILE *to)
{
    char text[512] = "";
    text_append(text, sizeof text, "%s%s", doc, is_repeatable ? " (repeatable)" : "");
    fprintf(to, "%*s%-*s", INDENT, "", column, head);
    if ((int)strlen(head) > column)
        fprintf(to, "\n%*s", INDENT + column, "");
    fputs("  ", to);
    put_wrapped(text, strlen(text), INDENT + column + 2, INDENT + column + 2, to);
}

static void put_options(const struct command *c, FILE *to)
{
    char head[96];
    int column = (int)strlen("-h, --help");
    for (size_t i = 0; i < c->option_count; i++) {
        int size = (int)strlen(command_option_head(&c->options[i], head, sizeof head));
        if (size > column && size <= HEAD_MOST && !c->options[i].is_hidden)
            column = size;
    }
    for (size_t i = 0; i < c->option_count; i++)
        if (!c->options[i].is_hidden)
            put_item(command_option_head(&c->options[i], head, sizeof head), column, c->options[i].doc,
                     c->options[i].is_repeatable, to);
    put_item("-h, --help", column, "this text", false, to);
}

/* Sub-commands that take little are told in full, a program's verbs by one line each. */
static void put_subs(const struct command *c, FILE *to)
{
    int column = 0;
    for (size_t i = 0; c->subs[i]; i++) {
        int size = (int)strlen(command_verb(c->subs[i]));
        column = size > column ? size : column;
    }
    for (size_t i = 0; c->subs[i]; i++)
        put_item(command_verb(c->subs[i]), column, c->subs[i]->doc, false, to);
    fprintf(to, "\n`%s COMMAND --help` tells its options.\n", c->name);
}

void command_help(const struct command *c, FILE *to)
{
    fputs("usage: ", to);
    command_usage(c, to);
    fprintf(to, "\n\n%s - %s\n", c->name, c->doc);
    put_paragraphs(c->text, to);
    fputc('\n', to);
    if (c->subs)
        put_subs(c, to);
    else
        put_options(c, to);
    put_paragraphs(c->notes, to);
    if (c->example)
        fprintf(to, "\nexample: %s\n", c->example);
}
