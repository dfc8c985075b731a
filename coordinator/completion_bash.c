#include <string.h>

#include "base/text.h"
#include "completion.h"

enum { WORDS = 1024 };

/* The verbs among the words before the cursor make the path, `tare lab up`; what stands there is one
 * case of it, the word before the cursor another. `=` is a word of its own (COMP_WORDBREAKS). */
static const char HEAD[] =
    "# bash completion for tare, made by `tare completion bash`.\n"
    "_tare()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} last=$((COMP_CWORD - 1)) path=tare words='' files='' i\n"
    "    [[ $cur == = ]] && cur='' || { [[ ${COMP_WORDS[last]} == = ]] && last=$((last - 1)); }\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case \"$path ${COMP_WORDS[i]}\" in\n";

static const char MIDDLE[] = ") path=\"$path ${COMP_WORDS[i]}\" ;;\n"
                             "        esac\n"
                             "    done\n"
                             "    case \"$path ${COMP_WORDS[last]}\" in\n";

static const char THEN[] = "    *)\n"
                           "        case $path in\n";

static const char TAIL[] = "        esac\n"
                           "        ;;\n"
                           "    esac\n"
                           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                           "    if [[ -n $files && $cur != -* ]]; then\n"
                           "        compopt -o filenames 2>/dev/null\n"
                           "        while IFS= read -r i; do COMPREPLY+=(\"$i\"); done < <(compgen -f -- \"$cur\")\n"
                           "    fi\n"
                           "}\n"
                           "complete -F _tare tare\n";

/* The paths of all commands below, as patterns of a case. */
static void put_paths(const struct command *c, const char **before, FILE *to)
{
    for (size_t i = 0; c->subs && c->subs[i]; i++) {
        fprintf(to, "%s\"%s\"", *before, c->subs[i]->name);
        *before = " | ";
        put_paths(c->subs[i], before, to);
    }
}

/* What fits behind an option that takes an argument. */
static void put_arguments(const struct command *root, const struct command *c, FILE *to)
{
    for (size_t i = 0; i < c->option_count; i++) {
        const struct command_option *o = &c->options[i];
        char words[WORDS];
        if (!o->argument || o->is_optional || o->is_hidden)
            continue;
        fprintf(to, "    \"%s --%s\")", c->name, o->name);
        if (o->kind == ARGUMENT_FILE) {
            fputs(" files=1", to);
        } else {
            const char *fitting = completion_words(root, o->kind, o->argument, words, sizeof words);
            fprintf(to, *fitting ? " words='%s'" : " return", fitting);
        }
        fputs(" ;;\n", to);
    }
    for (size_t i = 0; c->subs && c->subs[i]; i++)
        put_arguments(root, c->subs[i], to);
}

/* What fits where no option waits for its argument. */
static void put_command(const struct command *root, const struct command *c, FILE *to)
{
    bool files = false;
    fprintf(to, "        \"%s\") words='", c->name);
    for (size_t i = 0; c->subs && c->subs[i]; i++)
        fprintf(to, "%s ", command_verb(c->subs[i]));
    for (size_t i = 0; i < c->option_count; i++)
        if (!c->options[i].is_hidden)
            fprintf(to, "--%s ", c->options[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(c->operands) && c->operands[i].name; i++) {
        files |= c->operands[i].kind == ARGUMENT_FILE;
        char words[WORDS];
        completion_words(root, c->operands[i].kind, c->operands[i].name, words, sizeof words);
        fprintf(to, "%s%s", words, *words ? " " : "");
    }
    fprintf(to, "--help%s'%s ;;\n", strchr(c->name, ' ') ? "" : " --version", files ? " files=1" : "");
    for (size_t i = 0; c->subs && c->subs[i]; i++)
        put_command(root, c->subs[i], to);
}

void completion_bash(const struct command *root, FILE *to)
{
    const char *before = "        ";
    fputs(HEAD, to);
    put_paths(root, &before, to);
    fputs(MIDDLE, to);
    put_arguments(root, root, to);
    fputs(THEN, to);
    put_command(root, root, to);
    fputs(TAIL, to);
}
