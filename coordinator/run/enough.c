#include "enough.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "result/compare.h"

bool enough_keep(const struct enough *enough, struct trial *trial, struct err *e)
{
    if (enough->scenario->until <= 0)
        return true;
    struct trial *kept = run_add_trial(enough->run);
    if (!kept)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *kept = *trial;
    *trial = (struct trial){ 0 };
    for (size_t i = 0; i < kept->stream_count; i++) {
        free(kept->streams[i].points);
        kept->streams[i].points = NULL;
        kept->streams[i].point_count = 0;
    }
    return true;
}

static bool width_of(const struct enough *enough, int step, double *width, struct err *e)
{
    struct comparisons *all = NULL;
    if (!compare_step(enough->run, step, &all, e))
        return false;
    *width = comparisons_width(all, step);
    comparisons_destroy(&all);
    return true;
}

bool enough_judge(const struct enough *enough, const struct plan_trial *place, struct err *e)
{
    const struct scenario *s = enough->scenario;
    double width = 0;
    if (s->until <= 0 || place->round + 1 < s->repeats_least || place->round + 1 == s->repeats ||
        !plan_is_block_over(enough->plan))
        return true;
    if (!width_of(enough, place->step, &width, e))
        return false;
    if (width > s->until)
        return true;
    plan_end_step(enough->plan, place->step);
    live_note(enough->live, "step '%s': known to +-%.2g %% after %d rounds, +-%.2g %% was asked for",
              s->steps[place->step].name, 100 * width, place->round + 1, 100 * s->until);
    return true;
}

bool enough_tell(const struct enough *enough, struct err *e)
{
    const struct scenario *s = enough->scenario;
    for (size_t i = 0; s->until > 0 && i < s->step_count; i++) {
        double width = 0;
        if (!width_of(enough, (int)i, &width, e))
            return false;
        if (isfinite(width) && width > s->until)
            log_warn("step '%s': NOT REACHED: +-%.2g %% was asked for, +-%.2g %% is what %d rounds gave",
                     s->steps[i].name, 100 * s->until, 100 * width, s->repeats);
        else if (width > s->until)
            log_warn("step '%s': NOT REACHED: +-%.2g %% was asked for, too few blocks can be compared",
                     s->steps[i].name, 100 * s->until);
    }
    return true;
}
