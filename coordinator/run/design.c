#include "design.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool design_of(struct run *run, const struct scenario *s, struct err *e)
{
    struct run_design *design = &run->design;
    design->until = s->until;
    design->least = s->repeats_least;
    if (s->compare.base >= 0)
        text_copy(design->base, sizeof design->base, s->nodes[s->compare.base].name);
    design->with = s->compare.with_count > 0 ? calloc(s->compare.with_count, sizeof *design->with) : NULL;
    if (s->compare.with_count > 0 && !design->with)
        return err_set(e, ERR_INTERNAL, "out of memory");
    for (; design->with_count < s->compare.with_count; design->with_count++)
        text_copy(design->with[design->with_count], sizeof design->with[0],
                  s->nodes[s->compare.with[design->with_count]].name);
    for (size_t i = 0; i < run->node_count; i++)
        for (size_t k = 0; k < s->node_count; k++)
            if (strcmp(run->nodes[i].name, s->nodes[k].name) == 0 && s->nodes[k].on >= 0)
                text_copy(run->nodes[i].on, sizeof run->nodes[i].on, s->nodes[s->nodes[k].on].name);
    return true;
}

/* The lines of `text` as a list that NULL ends; both owned. */
static const char **split_lines(char *text)
{
    size_t count = 2;
    for (const char *at = text; *at; at++)
        count += *at == '\n';
    const char **lines = calloc(count, sizeof *lines);
    size_t used = 0;
    for (char *rest = text, *line; lines && (line = strsep(&rest, "\n"));)
        if (*line)
            lines[used++] = line;
    return lines;
}

bool design_of_archived(struct run *run, struct err *e)
{
    const char *text = run->scenario_text ? run->scenario_text : "";
    char *overrides = strdup(run->overrides ? run->overrides : "");
    const char **lines = overrides ? split_lines(overrides) : NULL;
    struct diags *diags = lines ? diags_new("the run's scenario") : NULL;
    struct scenario *scenario = NULL;
    bool ok = diags != NULL || err_set(e, ERR_INTERNAL, "out of memory for the run's scenario");
    if (ok && scenario_parse_with(text, strlen(text), lines, &scenario, diags))
        ok = design_of(run, scenario, e);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    free(lines);
    free(overrides);
    return ok;
}
