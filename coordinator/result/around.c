#include "around.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

static bool add_own(const struct raw_node *n, struct trial *trial)
{
    const struct message_around *m = &n->around;
    struct around *row = m->cpus > 0 ? trial_add_around(trial) : NULL;
    if (m->cpus == 0 || !row)
        return m->cpus == 0;
    *row = (struct around){ .cpus = (int)m->cpus,
                            .from_ns = m->from_ns,
                            .to_ns = m->to_ns,
                            .run_ns = -1,
                            .wait_ns = -1,
                            .worst_ns = -1,
                            .steal_ns = m->steal_ns };
    text_copy(row->node, sizeof row->node, n->name);
    text_copy(row->seen_by, sizeof row->seen_by, n->name);
    return true;
}

/* Its stream, of those that claim to have begun no later than the tolerance after T. */
static bool claims_start(const struct trial *trial, const char *node, int64_t tolerance_ns)
{
    for (size_t i = 0; i < trial->stream_count; i++) {
        const struct stream *s = &trial->streams[i];
        if (s->operates && s->first_op_ns != 0 && strcmp(s->node, node) == 0 &&
            llabs(s->first_op_ns - trial->at_ns) - s->first_op_bound_ns <= tolerance_ns)
            return true;
    }
    return false;
}

static bool flag_wait(const struct raw_trial *raw, const struct around *row, struct trial *trial)
{
    char waited[40], from[40], to[40], tolerance[40];
    if (row->worst_ns <= raw->tolerance_ns || !claims_start(trial, row->node, raw->tolerance_ns))
        return true;
    return trial_add_flag(
        trial, -1, "vcpu_wait", (double)row->worst_ns / CLOCK_NS_PER_S, (double)raw->tolerance_ns / CLOCK_NS_PER_S,
        "%s: its claim to have begun at T is its own word alone: from %s before T to %s after it %s saw a vCPU of it "
        "wait %s for a CPU (tolerance %s)",
        row->node, units_show_ns((double)-row->from_ns, from, sizeof from),
        units_show_ns((double)row->to_ns, to, sizeof to), row->seen_by,
        units_show_ns((double)row->worst_ns, waited, sizeof waited),
        units_show_ns((double)raw->tolerance_ns, tolerance, sizeof tolerance));
}

static bool takes_part(const struct trial *trial, const char *node)
{
    for (size_t i = 0; i < trial->stream_count; i++)
        if (trial->streams[i].role != STREAM_DOMAIN && strcmp(trial->streams[i].node, node) == 0)
            return true;
    return false;
}

static bool add_seen(const struct raw_trial *raw, const struct raw_watched *w, struct trial *trial)
{
    const struct message_watched *m = &w->use;
    if (!*m->guest || m->around_vcpus == 0 || !takes_part(trial, m->guest))
        return true;
    struct around *row = trial_add_around(trial);
    if (!row)
        return false;
    *row = (struct around){ .cpus = (int)m->around_vcpus,
                            .from_ns = m->around_from_ns,
                            .to_ns = m->around_to_ns,
                            .run_ns = m->around_run_ns,
                            .wait_ns = m->around_wait_ns,
                            .worst_ns = m->around_worst_ns,
                            .steal_ns = -1 };
    text_copy(row->node, sizeof row->node, m->guest);
    text_copy(row->seen_by, sizeof row->seen_by, w->host);
    const struct around seen = *row;
    return flag_wait(raw, &seen, trial);
}

bool around_add(const struct raw_trial *raw, struct trial *trial)
{
    bool ok = true;
    for (size_t i = 0; ok && i < raw->node_count; i++)
        ok = add_own(&raw->nodes[i], trial);
    for (size_t i = 0; ok && i < raw->watched_count; i++)
        ok = add_seen(raw, &raw->watched[i], trial);
    return ok;
}
