#include <string.h>

#include "base/text.h"
#include "completion.h"

/* In single quotes, as a part of an _arguments specification: ':' ends it and brackets hold the doc. */
static void put_text(const char *text, FILE *to)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", to);
        else if (strchr(":[]\\", *text))
            fprintf(to, "\\%c", *text);
        else
            fputc(*text, to);
}

static void put_action(const struct command *root, enum argument_kind kind, const char *name, FILE *to)
{
    char words[1024];
    completion_words(root, kind, name, words, sizeof words);
    fputc(':', to);
    put_text(kind == ARGUMENT_WORD || kind == ARGUMENT_HINT ? "word" : name, to);
    fputc(':', to);
    if (kind == ARGUMENT_FILE)
        fputs("_files", to);
    else if (kind == ARGUMENT_COMMAND)
        fputs("_normal", to);
    else if (*words)
        fprintf(to, "(%s)", words);
}

static void put_function_name(const struct command *c, FILE *to)
{
    fputc('_', to);
    for (const char *at = c->name; *at; at++)
        fputc(*at == ' ' ? '_' : *at, to);
}

static void put_options(const struct command *root, const struct command *c, FILE *to)
{
    fputs("    _arguments", to);
    for (size_t i = 0; i < c->option_count; i++) {
        const struct command_option *o = &c->options[i];
        if (o->is_hidden)
            continue;
        fprintf(to, " \\\n        '%s--%s%s[", o->is_repeatable ? "*" : "", o->name,
                o->is_optional ? "=-"
                : o->argument  ? "="
                               : "");
        put_text(o->doc, to);
        fputc(']', to);
        if (o->argument) {
            fputs(o->is_optional ? ":" : "", to);
            put_action(root, o->kind, o->argument, to);
        }
        fputc('\'', to);
    }
    fputs(" \\\n        '(- *)'{-h,--help}'[tell the options]'", to);
    for (size_t i = 0; i < ARRAY_SIZE(c->operands) && c->operands[i].name; i++) {
        fprintf(to, " \\\n        '%s", c->operands[i].most < 0 ? "*" : "");
        if (c->operands[i].least == 0 && c->operands[i].most > 0)
            fputc(':', to); /* two colons: may be left out */
        put_action(root, c->operands[i].kind, c->operands[i].name, to);
        /* A bare message would keep an option that is being typed from being completed. */
        if (c->operands[i].kind == ARGUMENT_TEXT)
            fprintf(to, "_guard \"[^-]*\" %s", c->operands[i].name);
        fputc('\'', to);
    }
    fputc('\n', to);
}

/* Verbs, and then the function of the one that stands there. */
static void put_verbs(const struct command *c, FILE *to)
{
    fputs("    local -a verbs=(\n", to);
    for (size_t i = 0; c->subs[i]; i++) {
        fprintf(to, "        '%s:", command_verb(c->subs[i]));
        put_text(c->subs[i]->doc, to);
        fputs("'\n", to);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command verbs\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $words[1] in\n",
          to);
    for (size_t i = 0; c->subs[i]; i++) {
        fprintf(to, "    %s) ", command_verb(c->subs[i]));
        put_function_name(c->subs[i], to);
        fputs(" ;;\n", to);
    }
    fputs("    esac\n", to);
}

static void put_function(const struct command *root, const struct command *c, FILE *to)
{
    put_function_name(c, to);
    fputs("() {\n", to);
    if (c->subs)
        put_verbs(c, to);
    else
        put_options(root, c, to);
    fputs("}\n", to);
    for (size_t i = 0; c->subs && c->subs[i]; i++)
        put_function(root, c->subs[i], to);
}

void completion_zsh(const struct command *root, FILE *to)
{
    fprintf(to, "#compdef %s\n# zsh completion for %s, made by `%s completion zsh`.\n", root->name, root->name,
            root->name);
    put_function(root, root, to);
    put_function_name(root, to);
    fputs(" \"$@\"\n", to);
}
