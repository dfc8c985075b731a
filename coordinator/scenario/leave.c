#include "leave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

bool left_out_add(char **lines, const char *step, const char *why)
{
    char *more = NULL;
    if (asprintf(&more, "%s%s%s: %s", *lines, **lines ? "\n" : "", step, why) < 0)
        return false;
    free(*lines);
    *lines = more;
    return true;
}

static const char *source_of(const struct scenario_step *step)
{
    return step->workload->source ? step->workload->source(step->options) : NULL;
}

static bool is_built_on(const struct scenario *s, int node)
{
    for (size_t i = 0; i < s->step_count; i++)
        for (size_t n = 0; source_of(&s->steps[i]) && n < s->steps[i].on_count; n++)
            if (s->steps[i].on[n] == node)
                return true;
    return false;
}

static void forget_compilers(struct scenario *s)
{
    for (size_t i = 0; i < s->node_count; i++)
        if (s->nodes[i].built_in && !is_built_on(s, (int)i))
            s->nodes[i].built_in->compiler = false;
}

static bool is_for_a_lab(const struct scenario_step *step, const char *unused)
{
    (void)unused;
    return step->is_unshaped;
}

static bool is_build_of(const struct scenario_step *step, const char *source)
{
    const char *own = source_of(step);
    return own && (!source || strcmp(own, source) == 0);
}

static bool leave_out(struct scenario *s, bool (*goes)(const struct scenario_step *step, const char *source),
                      const char *source, const char *why, struct err *e)
{
    char names[256] = "";
    size_t kept = 0;
    bool is_told = true;
    for (size_t i = 0; i < s->step_count; i++) {
        struct scenario_step step = s->steps[i];
        if (!goes(&step, source)) {
            s->steps[kept++] = step;
            continue;
        }
        (void)!text_append(names, sizeof names, "%s%s", *names ? ", " : "", step.name); /* cut where there are many */
        is_told &= left_out_add(&s->left_out, step.name, why);
        scenario_clear_step(&step);
    }
    s->step_count = kept;
    if (!is_told)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (kept == 0)
        return err_set(e, ERR_USAGE, "no step is left: %s", why);
    if (*names)
        log_info("left out: %s: %s", names, why);
    return true;
}

bool scenario_leave_out_lab_steps(struct scenario *s, struct err *e)
{
    return leave_out(s, is_for_a_lab, NULL, "`wire: unshaped` lifts the shaping of a lab's ports alone: use --lab", e);
}

bool scenario_leave_out_builds(struct scenario *s, const char *source, const char *why, struct err *e)
{
    for (size_t i = 0; i < s->step_count; i++)
        if (is_build_of(&s->steps[i], source) && !s->steps[i].is_optional)
            return err_set(e, ERR_USAGE, "step '%s': %s", s->steps[i].name, why);
    if (!leave_out(s, is_build_of, source, why, e))
        return false;
    forget_compilers(s);
    return true;
}
