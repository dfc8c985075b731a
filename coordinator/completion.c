#include "completion.h"

#include "base/text.h"
#include "catalogue/catalogue.h"

const char *completion_words(const struct command *root, enum argument_kind kind, const char *name, char *out,
                             size_t size)
{
    const struct workload_info *workload;
    text_copy(out, size, kind == ARGUMENT_WORD || kind == ARGUMENT_HINT ? name : "");
    for (char *at = out; *at; at++)
        if (*at == '|')
            *at = ' ';
    for (size_t i = 0; kind == ARGUMENT_VERB && root->subs[i]; i++)
        text_append(out, size, "%s%s", i ? " " : "", command_verb(root->subs[i]));
    for (size_t i = 0; kind == ARGUMENT_WORKLOAD && (workload = catalogue_entry(i)); i++)
        text_append(out, size, "%s%s", i ? " " : "", workload->name);
    return out;
}
