#include "limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "result/summary.h"

/* From which share on it limits; `is_hard`: nothing goes beyond it, so whatever else was busy. What memory gives is
 * copied by the CPU: below half of it the calls themselves cost more. */
static const struct {
    double share;
    bool is_hard;
} RULES[LIMITED_BY_COUNT] = {
    [LIMIT_WIRE] = { 0.98, true },  [LIMIT_DEVICE] = { 0.80, true }, [LIMIT_CPU] = { 0.90, false },
    [LIMIT_PEER] = { 0.80, false }, [LIMIT_CACHE] = { 0.5, true },   [LIMIT_UNKNOWN] = { INFINITY, false },
};

static const double SAME_CEILING = 0.02;

static double throughput_of(const struct stream *stream)
{
    const struct figure *figure = stream_main_figure(stream, "throughput");
    return figure && isfinite(figure->value) ? figure->value : 0;
}

/* ---- the wire ---- */

/* The step had a lab's shaping lifted: what the ports carry then is the machine's affair, not told. */
static bool is_unshaped(const struct run_step *step)
{
    json_t *options = json_loads(step->options ? step->options : "{}", 0, NULL);
    const char *wire = json_string_value(json_object_get(options, "wire"));
    bool is_so = wire && strcmp(wire, "unshaped") == 0;
    json_decref(options);
    return is_so;
}

static void drop_shaped_links(struct wire *wire)
{
    size_t kept = 0;
    for (size_t i = 0; i < wire->count; i++)
        if (!wire->links[i].is_shaped)
            wire->links[kept++] = wire->links[i];
    wire->count = kept;
}

/* The device that leads from its host to the guest is there since the guest is, so its shaper stands with the trial
 * and not in the host's facts (price.h). It shapes what goes to the guest. */
static void add_tap(const struct stream *stream, struct wire *wire)
{
    const struct figure *shaped = stream_main_figure(stream, "tap_shaped");
    const struct figure *overhead = stream_main_figure(stream, "tap_overhead");
    const char *device = shaped ? strchr(shaped->path, ' ') : NULL;
    if (!device || shaped->value <= 0 || strcmp(stream->direction, "receive") != 0 || wire->count == WIRE_LINKS_MAX)
        return;
    struct wire_link *link = &wire->links[wire->count++];
    *link = (struct wire_link){ .sends = true,
                                .is_shaped = true,
                                .bits_per_s = shaped->value,
                                .extra = WIRE_HEADER_BYTES + (overhead ? (int)overhead->value : 0) };
    snprintf(link->node, sizeof link->node, "%.*s", (int)(device - shaped->path), shaped->path);
    snprintf(link->device, sizeof link->device, "%s", device + 1);
}

static void way_of(const struct run *run, const struct facts *facts, int step, const struct stream *stream,
                   struct wire *wire)
{
    bool sends = strcmp(stream->direction, "receive") != 0;
    bool is_udp = strncmp(run->steps[step].workload, "udp_", 4) == 0;
    wire_between(run, facts, sends ? stream->node : stream->peer, sends ? stream->peer : stream->node,
                 is_udp ? WIRE_UDP : WIRE_TCP, wire);
    if (is_unshaped(&run->steps[step]))
        drop_shaped_links(wire);
    add_tap(stream, wire);
}

static bool passes(const struct wire *wire, const struct wire_link *link, bool same_way)
{
    for (size_t i = 0; i < wire->count; i++)
        if (strcmp(wire->links[i].node, link->node) == 0 && strcmp(wire->links[i].device, link->device) == 0 &&
            (wire->links[i].sends == link->sends) == same_way)
            return true;
    return false;
}

/* The load streams of a trial, each with its way: what passes one link is looked for in all of them. */
struct traffic {
    const struct trial *trial;
    struct wire *ways; /* one a stream of the trial */
};

static bool carries(const struct stream *stream) { return stream->role == STREAM_LOAD && throughput_of(stream) > 0; }

/* A shaper is known on the side that sends only, so the links of the way back may be others: of two
 * streams between the same nodes the one goes back where the other came. */
static bool goes_back(const struct traffic *traffic, size_t other, size_t of, const struct wire_link *link)
{
    const struct stream *a = &traffic->trial->streams[other], *b = &traffic->trial->streams[of];
    return passes(&traffic->ways[other], link, false) ||
           (strcmp(a->node, b->node) == 0 && strcmp(a->peer, b->peer) == 0 && strcmp(a->direction, b->direction) != 0);
}

/* Rates of different times make no sum: of several streams those of the time in which all ran, where known. */
static double rate_beside(const struct stream *stream, bool alone)
{
    const struct figure *common =
        alone ? NULL : stream_figure(stream, "throughput", WINDOW_COMMON, FIGURE_ON_COORDINATOR);
    return common && isfinite(common->value) ? common->value : throughput_of(stream);
}

static bool is_alone(const struct trial *trial)
{
    size_t carriers = 0;
    for (size_t i = 0; i < trial->stream_count; i++)
        carriers += carries(&trial->streams[i]);
    return carriers < 2;
}

/* What all streams of the trial sent through the link, and whether any went the other way. */
static double load_of(const struct traffic *traffic, size_t of, const struct wire_link *link, bool *both_ways)
{
    double sum = 0;
    bool alone = is_alone(traffic->trial);
    *both_ways = false;
    for (size_t i = 0; i < traffic->trial->stream_count; i++) {
        if (!carries(&traffic->trial->streams[i]))
            continue;
        if (passes(&traffic->ways[i], link, true))
            sum += rate_beside(&traffic->trial->streams[i], alone);
        *both_ways |= goes_back(traffic, i, of, link);
    }
    return sum;
}

static void look_at_wire(const struct traffic *traffic, size_t of, struct limit *limit)
{
    const struct wire *wire = &traffic->ways[of];
    double best = -1;
    for (size_t i = 0; i < wire->count && !wire->is_local; i++) {
        const struct wire_link *link = &wire->links[i];
        bool both_ways;
        double load = load_of(traffic, of, link, &both_ways);
        double ceiling = wire_ceiling(&wire->frame, link->bits_per_s, link->extra, both_ways);
        char rate[32];
        if (ceiling <= 0 || load / ceiling <= best)
            continue;
        best = load / ceiling;
        *limit = (struct limit){ .is_known = true, .value = load, .ceiling = ceiling, .unit = "bit/s" };
        units_show_rate(link->bits_per_s, rate, sizeof rate);
        text_append(limit->what, sizeof limit->what, "%.40s's %.15s, %s%s%s", link->node, link->device,
                    link->is_shaped ? "shaped to " : "", rate, both_ways ? ", both ways" : "");
    }
}

/* ---- CPUs ---- */

static const struct cost *cost_of(const struct trial *trial, const char *node, enum cost_scope scope)
{
    for (size_t i = 0; i < trial->cost_count; i++)
        if (trial->costs[i].scope == scope && strcmp(trial->costs[i].node, node) == 0 && trial->costs[i].wall_ns > 0)
            return &trial->costs[i];
    return NULL;
}

/* A stream has one thread at each end. */
static int threads_of(const struct trial *trial, const char *node)
{
    int count = 0;
    for (size_t i = 0; i < trial->stream_count; i++)
        count += trial->streams[i].role == STREAM_LOAD &&
                 (strcmp(trial->streams[i].node, node) == 0 || strcmp(trial->streams[i].peer, node) == 0);
    return count > 0 ? count : 1;
}

/* Whichever is nearer to its end: the CPUs that the node's threads can use, or all that it has. */
static void look_at_cpu(const struct trial *trial, const char *node, struct limit *limit)
{
    const struct cost *process = cost_of(trial, node, COST_PROCESS), *machine = cost_of(trial, node, COST_MACHINE);
    double best = -1;
    if (process && process->cpus > 0) {
        int threads = threads_of(trial, node), usable = threads < process->cpus ? threads : process->cpus;
        double used = (double)process->used_ns / (double)process->wall_ns;
        best = used / usable;
        *limit = (struct limit){ .is_known = true, .value = used, .ceiling = usable, .unit = "CPUs" };
        snprintf(limit->what, sizeof limit->what, "%.40s: what its %d thread%s can use", node, threads,
                 threads == 1 ? "" : "s");
    }
    if (!machine || machine->cpus <= 0)
        return;
    double used = ((double)machine->used_ns + (double)machine->steal_ns) / (double)machine->wall_ns;
    if (machine->wall_ns > 0 && used / machine->cpus > best) {
        *limit = (struct limit){ .is_known = true, .value = used, .ceiling = machine->cpus, .unit = "CPUs" };
        snprintf(limit->what, sizeof limit->what, "all CPUs that %.40s has", node);
    }
}

static void look_at_stream(const struct traffic *traffic, size_t of, struct limits *limits)
{
    const struct stream *stream = &traffic->trial->streams[of];
    look_at_cpu(traffic->trial, stream->node, &limits->of[LIMIT_CPU]);
    if (!stream->peer[0] || strcmp(stream->peer, stream->node) == 0)
        return; /* what a node does by itself */
    look_at_cpu(traffic->trial, stream->peer, &limits->of[LIMIT_PEER]);
    if (carries(stream))
        look_at_wire(traffic, of, &limits->of[LIMIT_WIRE]);
}

bool limits_of(const struct run *run, const struct facts *facts, const struct trial *trial, struct limits *limits,
               struct err *e)
{
    struct traffic traffic = { trial, calloc(trial->stream_count + 1, sizeof *traffic.ways) };
    if (!traffic.ways)
        return err_set(e, ERR_INTERNAL, "out of memory for the limits");
    for (size_t i = 0; i < trial->stream_count; i++)
        if (trial->streams[i].peer[0] && carries(&trial->streams[i]))
            way_of(run, facts, trial->step, &trial->streams[i], &traffic.ways[i]);
    for (size_t i = 0; i < trial->stream_count; i++) {
        limits[i] = (struct limits){ 0 };
        if (trial->streams[i].role == STREAM_LOAD)
            look_at_stream(&traffic, i, &limits[i]);
    }
    free(traffic.ways);
    return true;
}

double limits_share(const struct limits *limits, enum limited_by by)
{
    const struct limit *limit = &limits->of[by];
    return limit->is_known && limit->ceiling > 0 ? limit->value / limit->ceiling : NAN;
}

enum limited_by limits_judge(const struct limits *limits)
{
    enum limited_by nearest = LIMIT_UNKNOWN;
    for (int i = 0; i < LIMITED_BY_COUNT; i++) {
        enum limited_by by = (enum limited_by)i;
        double share = limits_share(limits, by);
        if (!(share >= RULES[by].share))
            continue;
        if (RULES[by].is_hard)
            return by;
        if (nearest == LIMIT_UNKNOWN || share > limits_share(limits, nearest))
            nearest = by;
    }
    return nearest;
}

bool limits_are_same(const struct limits *a, const struct limits *b, enum limited_by by)
{
    return (by == LIMIT_WIRE || by == LIMIT_DEVICE) && limits_share(a, by) >= 1 - SAME_CEILING &&
           limits_share(b, by) >= 1 - SAME_CEILING && fabs(a->of[by].ceiling / b->of[by].ceiling - 1) <= SAME_CEILING;
}

static void show_amount(const struct limit *limit, double value, char *text, size_t size)
{
    if (strcmp(limit->unit, "bit/s") == 0 || strcmp(limit->unit, "B/s") == 0)
        units_show_in(value, limit->unit, text, size);
    else
        snprintf(text, size, "%.2f %s", value, limit->unit);
}

void limits_tell(const struct limits *limits, enum limited_by by, char *text, size_t size)
{
    const struct limit *limit = &limits->of[by];
    char value[32], ceiling[32];
    snprintf(text, size, "%s", limited_by_name(by));
    if (!limit->is_known)
        return;
    show_amount(limit, limit->value, value, sizeof value);
    show_amount(limit, limit->ceiling, ceiling, sizeof ceiling);
    text_append(text, size, " %.1f %% (%s of %s, %s)", 100 * limits_share(limits, by), value, ceiling, limit->what);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool limits_median(const struct limits *list, size_t count, struct limits *median, struct err *e)
{
    struct limits made = { 0 };
    double *values = calloc(count + 1, sizeof *values);
    if (!values)
        return err_set(e, ERR_INTERNAL, "out of memory for the limits");
    for (int by = 0; by < LIMITED_BY_COUNT; by++) {
        size_t known = 0;
        const struct limit *first = NULL;
        for (size_t i = 0; i < count; i++) {
            if (!list[i].of[by].is_known)
                continue;
            first = first ? first : &list[i].of[by];
            values[known++] = limits_share(&list[i], (enum limited_by)by);
        }
        if (!first)
            continue;
        qsort(values, known, sizeof *values, ascending);
        made.of[by] = *first;
        made.of[by].value = first->ceiling * (values[(known - 1) / 2] + values[known / 2]) / 2;
    }
    free(values);
    *median = made;
    return true;
}
