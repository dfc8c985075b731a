#include "start.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"

static bool add_skew(struct trial *trial, const struct stream *a, const struct stream *b)
{
    struct skew *skew = trial_add_skew(trial);
    if (!skew)
        return false;
    text_copy(skew->a, sizeof skew->a, a->node);
    text_copy(skew->b, sizeof skew->b, b->node);
    skew->ns = a->first_op_ns - b->first_op_ns;
    skew->bound_ns = a->first_op_bound_ns + b->first_op_bound_ns;
    return true;
}

/* How far after T the first operation surely was. */
static int64_t surely_late_ns(const struct trial *trial, const struct stream *s)
{
    return s->first_op_ns - s->first_op_bound_ns - trial->at_ns;
}

/* Pairs of one moment; `bad` ones make it unproven. */
static bool judge_pairs(struct trial *trial, const struct stream *a, int64_t tolerance_ns, bool *is_proven)
{
    for (const struct stream *b = a + 1; b < trial->streams + trial->stream_count; b++) {
        if (!b->operates || b->first_op_ns == 0)
            continue;
        if (!add_skew(trial, a, b))
            return false;
        const struct skew *skew = &trial->skews[trial->skew_count - 1];
        *is_proven = *is_proven && llabs(skew->ns) + skew->bound_ns <= tolerance_ns;
    }
    return true;
}

bool start_judge(struct trial *trial, int64_t tolerance_ns, struct err *e)
{
    const struct stream *only = NULL, *latest = NULL;
    bool is_proven = true, is_complete = true;
    int count = 0;
    for (size_t i = 0; i < trial->stream_count; i++) {
        const struct stream *s = &trial->streams[i];
        if (!s->operates)
            continue;
        is_complete = is_complete && s->first_op_ns != 0;
        if (s->first_op_ns == 0)
            continue;
        only = s;
        count++;
        if (!latest || surely_late_ns(trial, s) > surely_late_ns(trial, latest))
            latest = s;
        if (!judge_pairs(trial, s, tolerance_ns, &is_proven))
            return err_set(e, ERR_INTERNAL, "out of memory");
    }
    if (count == 1)
        is_proven = llabs(only->first_op_ns - trial->at_ns) + only->first_op_bound_ns <= tolerance_ns;
    if (count == 0) {
        trial->verdict = VERDICT_NONE;
    } else if (surely_late_ns(trial, latest) > tolerance_ns) {
        trial->verdict = VERDICT_LATE;
        text_copy(trial->late, sizeof trial->late, latest->node);
    } else {
        trial->verdict = !is_complete || !is_proven ? VERDICT_UNPROVEN : count == 1 ? VERDICT_SINGLE : VERDICT_TOGETHER;
    }
    return true;
}
