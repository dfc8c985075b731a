#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/command.h"

/* Text that troff shows as it stands: no escape, no request at the beginning of a line, and '-' as
 * what a person can paste into a shell. */
static void put_text(const char *text, size_t size, FILE *to)
{
    bool begins = true;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (begins && (c == '.' || c == '\''))
            fputs("\\&", to);
        switch (c) {
        case '\\': fputs("\\e", to); break;
        case '-': fputs("\\-", to); break;
        case '`': fputs("\\(ga", to); break;
        case '\'': fputs("\\(aq", to); break;
        case '~': fputs("\\(ti", to); break;
        case '^': fputs("\\(ha", to); break;
        default: fputc(c, to);
        }
        begins = c == '\n';
    }
}

static void put_line(const char *text, FILE *to)
{
    put_text(text, strlen(text), to);
    fputc('\n', to);
}

static void put_paragraphs(const char *text, FILE *to)
{
    while (text && *text) {
        const char *end = strstr(text, "\n\n");
        fputs(".PP\n", to);
        put_text(text, end ? (size_t)(end - text) : strlen(text), to);
        fputc('\n', to);
        text = end ? end + 2 : NULL;
    }
}

/* "tare lab" is the page tare-lab. */
static const char *page_name(const struct command *c, char *out, size_t size)
{
    text_copy(out, size, c->name);
    for (char *at = out; *at; at++)
        if (*at == ' ')
            *at = '-';
    return out;
}

static void put_usage(const struct command *c, FILE *to)
{
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    if (!line)
        return;
    command_usage(c, line);
    if (fclose(line) == 0) {
        size_t name = strlen(c->name);
        fputs("\\fB", to);
        put_text(text, name, to);
        fputs("\\fR", to);
        put_line(text + name, to);
    }
    free(text);
}

static void put_options(const struct command *c, FILE *to)
{
    for (size_t i = 0; i < c->option_count; i++) {
        const struct command_option *o = &c->options[i];
        char head[96];
        if (o->is_hidden)
            continue;
        command_option_head(o, head, sizeof head);
        size_t flag = strcspn(head + (o->letter ? 4 : 0), " [") + (o->letter ? 4 : 0);
        fputs(".TP\n\\fB", to);
        put_text(head, flag, to);
        fputs("\\fI", to);
        put_text(head + flag, strlen(head) - flag, to);
        fputs("\\fR\n", to);
        put_text(o->doc, strlen(o->doc), to);
        fputs(o->is_repeatable ? " (repeatable)\n" : "\n", to);
    }
    fputs(".TP\n\\fB\\-h, \\-\\-help\\fR\nwhat this page says, in short\n", to);
}

static void put_example(const struct command *c, FILE *to)
{
    if (!c->example)
        return;
    fputs(".PP\n.EX\n", to);
    put_line(c->example, to);
    fputs(".EE\n", to);
}

/* The verbs of a command; those that have a page of their own are only named. */
static void put_subs(const struct command *c, bool have_pages, FILE *to)
{
    fputs(".SH COMMANDS\n", to);
    for (size_t i = 0; c->subs[i]; i++) {
        const struct command *sub = c->subs[i];
        if (have_pages) {
            fputs(".TP\n\\fB", to);
            put_text(command_verb(sub), strlen(command_verb(sub)), to);
            fputs("\\fR\n", to);
            put_line(sub->doc, to);
            continue;
        }
        fputs(".SS ", to);
        put_line(command_verb(sub), to);
        put_usage(sub, to);
        fputs(".PP\n", to);
        put_line(sub->doc, to);
        put_paragraphs(sub->text, to);
        put_options(sub, to);
        put_paragraphs(sub->notes, to);
        put_example(sub, to);
    }
}

void command_man(const struct command *c, const char *see, FILE *to)
{
    char name[96];
    bool is_program = !strchr(c->name, ' ');
    fprintf(to, ".TH %s 1 \"\" \"tare %s\" \"tare\"\n.SH NAME\n", page_name(c, name, sizeof name), TARE_VERSION);
    put_text(name, strlen(name), to);
    fputs(" \\- ", to);
    put_line(c->doc, to);
    fputs(".SH SYNOPSIS\n", to);
    put_usage(c, to);
    if (c->text)
        fputs(".SH DESCRIPTION\n", to);
    put_paragraphs(c->text, to);
    if (c->subs) {
        put_subs(c, is_program, to);
    } else {
        fputs(".SH OPTIONS\n", to);
        put_options(c, to);
    }
    if (c->notes)
        fputs(".SH NOTES\n", to);
    put_paragraphs(c->notes, to);
    if (c->example)
        fputs(".SH EXAMPLE\n", to);
    put_example(c, to);
    if (see) {
        fputs(".SH SEE ALSO\n", to);
        put_line(see, to);
    }
}
