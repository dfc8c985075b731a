#include "raw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

void raw_clear(struct raw_trial *raw)
{
    for (size_t i = 0; i < raw->end_count; i++) {
        for (size_t lap = 0; lap < raw->ends[i].lap_count; lap++)
            free(raw->ends[i].laps[lap].times);
        free(raw->ends[i].laps);
        free(raw->ends[i].points);
    }
    free(raw->ends);
    free(raw->watched);
    for (size_t i = 0; i < raw->domain_count; i++)
        free(raw->domains[i].points);
    free(raw->domains);
    free(raw->nodes);
    *raw = (struct raw_trial){ 0 };
}

struct raw_end *raw_end(const struct raw_trial *raw, size_t node, uint32_t job, uint32_t flow)
{
    for (size_t i = 0; i < raw->end_count; i++)
        if (raw->ends[i].node == node && raw->ends[i].job == job && raw->ends[i].flow == flow)
            return &raw->ends[i];
    return NULL;
}

const struct raw_end *raw_opposite(const struct raw_trial *raw, const struct raw_end *end)
{
    return raw_end(raw, end->other, end->job, end->flow);
}

static bool is_before(const struct raw_end *a, const struct raw_end *b)
{
    if (a->job != b->job)
        return a->job < b->job;
    return a->flow != b->flow ? a->flow < b->flow : a->role < b->role;
}

struct raw_end *raw_add_end(struct raw_trial *raw, size_t node, size_t other, enum stream_role role, uint32_t job,
                            uint32_t flow)
{
    enum { ENDS_MAX = 4096 };
    size_t count = raw->end_count;
    if (count >= ENDS_MAX)
        return NULL;
    if ((count & (count - 1)) == 0) { /* full at each power of two: ends are large, so they move seldom */
        struct raw_end *more = reallocarray(raw->ends, count ? 2 * count : 1, sizeof *more);
        if (!more)
            return NULL;
        raw->ends = more;
    }
    struct raw_end end = { .node = node, .other = other, .role = role, .job = job, .flow = flow };
    size_t at = raw->end_count++;
    for (; at > 0 && is_before(&end, &raw->ends[at - 1]); at--)
        raw->ends[at] = raw->ends[at - 1];
    raw->ends[at] = end;
    return &raw->ends[at];
}

struct raw_watched *raw_add_watched(struct raw_trial *raw)
{
    enum { WATCHED_MAX = 4096 };
    struct raw_watched *more =
        raw->watched_count < WATCHED_MAX ? reallocarray(raw->watched, raw->watched_count + 1, sizeof *more) : NULL;
    if (!more)
        return NULL;
    raw->watched = more;
    raw->watched[raw->watched_count] = (struct raw_watched){ .idle_rate = -1 };
    return &raw->watched[raw->watched_count++];
}

const struct raw_domain *raw_domain(const struct raw_trial *raw, const char *guest)
{
    for (size_t i = 0; i < raw->domain_count; i++)
        if (strcmp(raw->domains[i].guest, guest) == 0)
            return &raw->domains[i];
    return NULL;
}

static struct raw_domain *make_domain(struct raw_trial *raw, const char *host, const char *guest)
{
    enum { DOMAINS_MAX = 1024 };
    struct raw_domain *more =
        raw->domain_count < DOMAINS_MAX ? reallocarray(raw->domains, raw->domain_count + 1, sizeof *more) : NULL;
    if (!more)
        return NULL;
    raw->domains = more;
    struct raw_domain *d = &raw->domains[raw->domain_count++];
    *d = (struct raw_domain){ .point_count = 0 };
    text_copy(d->host, sizeof d->host, host);
    text_copy(d->guest, sizeof d->guest, guest);
    return d;
}

bool raw_add_domain(struct raw_trial *raw, const char *host, const struct message_watching *m)
{
    struct raw_domain *d = (struct raw_domain *)raw_domain(raw, m->guest);
    if (!d)
        d = make_domain(raw, host, m->guest);
    if (!d || strcmp(d->host, host) != 0 || d->point_count >= RAW_POINTS_MAX)
        return false;
    const struct meter_point *last = d->point_count > 0 ? &d->points[d->point_count - 1] : NULL;
    struct meter_point point = { .raw_ns = m->raw_ns, .bytes = (uint64_t)m->cpu_ns };
    if (last && point.raw_ns <= last->raw_ns)
        return false;
    if (last) { /* the last one after its end goes backwards */
        point.bytes = point.bytes > last->bytes ? point.bytes : last->bytes;
        point.operations = last->operations + (m->is_running ? 0 : (uint64_t)(point.raw_ns - last->raw_ns));
    }
    if (!d->points || d->point_count == d->point_room) {
        size_t room = 2 * d->point_room + 64;
        struct meter_point *more = reallocarray(d->points, room, sizeof *more);
        if (!more)
            return false;
        d->points = more;
        d->point_room = room;
    }
    d->points[d->point_count++] = point;
    return true;
}

bool raw_add_points(struct raw_end *end, const unsigned char *blob, size_t size, struct err *e)
{
    size_t count = size / METER_POINT_BYTES;
    if (end->point_count + count > RAW_POINTS_MAX)
        return err_set(e, ERR_PARTIAL, "more than %d points of one flow", RAW_POINTS_MAX);
    if (end->point_count + count > end->point_room) {
        size_t room = 2 * (end->point_count + count);
        struct meter_point *more = reallocarray(end->points, room, sizeof *more);
        if (!more)
            return err_set(e, ERR_INTERNAL, "out of memory");
        end->points = more;
        end->point_room = room;
    }
    struct meter_point *added = end->points + end->point_count;
    if (!meter_unpack(blob, size, added, e))
        return false;
    if (count > 0 && end->point_count > 0) {
        const struct meter_point *last = added - 1;
        if (added->raw_ns < last->raw_ns || added->bytes < last->bytes || added->operations < last->operations)
            return err_set(e, ERR_PARTIAL, "points that go back before the last ones");
    }
    end->point_count += count;
    return true;
}

const struct raw_lap *raw_lap(const struct raw_end *end, uint32_t test, uint32_t number)
{
    for (size_t i = 0; i < end->lap_count; i++)
        if (end->laps[i].test == test && end->laps[i].number == number)
            return &end->laps[i];
    return NULL;
}

static bool is_lap(const struct lap_kind *kind, const struct message_lap *m, struct raw_lap *lap, struct err *e)
{
    *lap = (struct raw_lap){ .test = m->test, .number = m->number, .first_ns = m->first_ns, .last_ns = m->last_ns };
    bool is_right = m->test < kind->test_count && m->first_ns > 0 && m->last_ns >= m->first_ns &&
                    m->counters_size == kind->counter_count * sizeof(int64_t) && kind->has_times == (m->times_size > 0);
    for (uint32_t i = 0; is_right && i < kind->counter_count; i++) {
        lap->counters[i] = (int64_t)bytes_get(m->counters + i * sizeof(int64_t), sizeof(int64_t));
        is_right = lap->counters[i] >= 0;
    }
    return is_right || err_set(e, ERR_PARTIAL, "a lap that makes no sense (test %" PRIu32 ")", m->test);
}

static bool keep_times(const struct message_lap *m, struct raw_lap *lap, struct err *e)
{
    struct hist *h = malloc(sizeof *h);
    unsigned char *times = malloc(m->times_size);
    bool ok = h && times ? hist_unpack(m->times, m->times_size, h, e) : err_set(e, ERR_INTERNAL, "out of memory");
    free(h);
    if (!ok || !times) {
        free(times);
        return false;
    }
    memcpy(times, m->times, m->times_size);
    lap->times = times;
    lap->times_size = m->times_size;
    return true;
}

bool raw_add_lap(struct raw_end *end, const struct lap_kind *kind, const struct message_lap *m, struct err *e)
{
    struct raw_lap lap;
    if (!is_lap(kind, m, &lap, e))
        return false;
    if (end->lap_count >= RAW_LAPS_MAX || raw_lap(end, m->test, m->number))
        return err_set(e, ERR_PARTIAL, "the same lap again, or more than %d", RAW_LAPS_MAX);
    struct raw_lap *more = reallocarray(end->laps, end->lap_count + 1, sizeof *more);
    if (!more)
        return err_set(e, ERR_INTERNAL, "out of memory");
    end->laps = more;
    if (m->times_size > 0 && !keep_times(m, &lap, e))
        return false;
    end->laps[end->lap_count++] = lap;
    return true;
}

static uint64_t count_of(const struct meter_point *point, enum raw_count what)
{
    return what == RAW_BYTES ? point->bytes : point->operations;
}

/* Index of the first point after `node_ns`. */
static size_t first_after(const struct raw_end *end, int64_t node_ns)
{
    size_t low = 0, high = end->point_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (end->points[middle].raw_ns > node_ns)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

double raw_count_at(const struct raw_trial *raw, const struct raw_end *end, enum raw_count what, int64_t node_ns)
{
    size_t next = first_after(end, node_ns);
    /* What stands before the first point: T and nothing; behind the last one: the last operation and all. */
    int64_t before_ns = raw->nodes[end->node].at_ns,
            last = what == RAW_BYTES ? end->stream.bytes : end->stream.operations;
    uint64_t before = 0;
    if (next > 0) {
        before_ns = end->points[next - 1].raw_ns;
        before = count_of(&end->points[next - 1], what);
    }
    int64_t after_ns = before_ns;
    uint64_t after = before;
    if (next < end->point_count) {
        after_ns = end->points[next].raw_ns;
        after = count_of(&end->points[next], what);
    } else if (end->is_over && last >= 0 && (uint64_t)last > before) {
        after_ns = end->stream.last_op_ns;
        after = (uint64_t)last;
    }
    if (node_ns <= before_ns)
        return (double)before;
    if (node_ns >= after_ns)
        return (double)after;
    return (double)before + (double)(node_ns - before_ns) / (double)(after_ns - before_ns) * (double)(after - before);
}
