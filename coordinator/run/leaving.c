#include "leaving.h"

#include <string.h>

#include "scenario/leave.h"

static bool leave(const struct leaving *l, int step, const char *why, struct err *e)
{
    const char *name = l->scenario->steps[step].name;
    plan_end_step(l->plan, step);
    live_note(l->live, "left out: %s: %s", name, why);
    return left_out_add(&l->run->left_out, name, why) || err_set(e, ERR_INTERNAL, "out of memory");
}

bool leaving_unready(const struct leaving *l, const struct plan_trial *place, const char *why, bool *left,
                     struct err *e)
{
    *left = place->round == 0 && l->scenario->steps[place->step].is_optional;
    return !*left || leave(l, place->step, why, e);
}

bool leaving_builds(const struct leaving *l, const char *why, bool *left, struct err *e)
{
    const struct scenario *s = l->scenario;
    *left = true;
    for (size_t i = 0; i < s->step_count; i++)
        *left &= !s->steps[i].workload->source || s->steps[i].is_optional;
    for (size_t i = 0; *left && i < s->step_count; i++)
        if (s->steps[i].workload->source && !leave(l, (int)i, why, e))
            return false;
    return true;
}
