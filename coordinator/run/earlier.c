#include "earlier.h"

#include <string.h>

struct search {
    const struct run *run;
    int64_t no, took_ns;
};

static bool is_same(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

static bool look_at(const struct run *other, int trials, void *arg)
{
    struct search *search = arg;
    const struct run *run = search->run;
    (void)trials;
    if (other->status == RUN_COMPLETE && other->ended_real_ns > other->started_real_ns &&
        is_same(other->scenario_text, run->scenario_text) && is_same(other->overrides, run->overrides) &&
        is_same(other->left_out, run->left_out)) {
        search->no = other->no;
        search->took_ns = other->ended_real_ns - other->started_real_ns;
    }
    return true;
}

bool earlier_run(struct archive *archive, const struct run *run, int64_t *no, int64_t *took_ns, struct err *e)
{
    struct search search = { .run = run };
    if (!archive_list(archive, look_at, &search, e))
        return false;
    *no = search.no;
    *took_ns = search.took_ns;
    return true;
}
