/* archive_place.h - for tests of the archive: a directory that goes away, and random runs to keep in
 * it, the same each time, in which every field of every struct has a value.
 */
#ifndef TARE_ARCHIVE_PLACE_H
#define TARE_ARCHIVE_PLACE_H

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/text.h"
#include "stats/hist.h"

/* A directory of its own for each test. */
struct place {
    char directory[64], path[128];
};

static inline int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    text_copy(place->directory, sizeof place->directory, "/tmp/tare-archive-XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    text_append(place->path, sizeof place->path, "%s/data/tare/archive.db", place->directory);
    *state = place;
    return 0;
}

static inline int remove_place(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", place->directory);
    int status = system(command);
    free(place);
    return status;
}

#define OK(call)                                               \
    do {                                                       \
        struct err e = { 0 };                                  \
        if (!(call))                                           \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, e.text); \
    } while (0)

#define REFUSED(call, exit_code, because)                                              \
    do {                                                                               \
        struct err e = { 0 };                                                          \
        assert_false(call);                                                            \
        if (e.exit != (exit_code) || !strstr(e.text, because) || strchr(e.text, '\n')) \
            fail_msg("%s:%d: exit %d: %s", __FILE__, __LINE__, (int)e.exit, e.text);   \
    } while (0)

static inline uint64_t draw(void)
{
    static uint64_t state = 88172645463325252U; /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static inline int64_t draw_i64(void) { return (int64_t)draw(); }
static inline int draw_int(void) { return (int)(int32_t)(uint32_t)draw(); }
static inline int below(int limit) { return (int)(draw() % (uint64_t)limit); }
static inline double draw_real(void) { return (double)draw_i64() / 1e6; }

#define FILL(array) fill_text(array, sizeof(array))
static inline void fill_text(char *text, size_t size)
{
    static const char *const PIECES[] = { "a", "Z", "0", " ", "'", "\"", ";", "\xc3\xbc", "\n", "%", "?" };
    memset(text, 0, size);
    int pieces = below((int)size);
    for (int i = 0; i < pieces; i++)
        if (!text_append(text, size, "%s", PIECES[below(ARRAY_SIZE(PIECES))]))
            break;
}

static inline char *draw_string(void)
{
    char text[2000];
    FILL(text);
    return strdup(text);
}

/* Every other stream has some. */
static inline void fill_latencies(struct stream *s)
{
    struct hist *h = calloc(1, sizeof *h);
    unsigned char blob[HIST_PACKED_MAX];
    assert_non_null(h);
    for (int i = below(2) * below(200); i > 0; i--)
        hist_add(h, (int64_t)(draw() >> (20 + below(40))));
    s->latencies_size = hist_pack(h, blob);
    if (s->latencies_size > 0)
        s->latencies = memcpy(malloc(s->latencies_size), blob, s->latencies_size);
    free(h);
}

/* Every other lap has a histogram. */
static inline void fill_laps(struct stream *s)
{
    for (int i = below(4); i > 0; i--) {
        struct lap *lap = stream_add_lap(s);
        assert_non_null(lap);
        memset(lap, 0, sizeof *lap);
        FILL(lap->test);
        lap->number = below(1000), lap->first_ns = draw_i64(), lap->last_ns = draw_i64();
        lap->counters = strdup(below(2) ? "{}" : "{\"bytes\": 1048576}");
        lap->times.size = (size_t)(below(2) * (1 + below(600)));
        lap->times.bytes = lap->times.size ? malloc(lap->times.size) : NULL;
        for (size_t k = 0; k < lap->times.size; k++)
            lap->times.bytes[k] = (unsigned char)draw();
    }
}

static inline void fill_stream(struct stream *s)
{
    FILL(s->node), FILL(s->peer), FILL(s->direction), FILL(s->gate), FILL(s->release);
    s->role = (enum stream_role)below(STREAM_ROLE_COUNT);
    s->operates = below(2);
    s->first_op_ns = draw_i64(), s->first_op_bound_ns = draw_i64();
    s->last_op_ns = draw_i64(), s->last_op_bound_ns = draw_i64();
    s->own_first_op_ns = draw_i64(), s->own_elapsed_ns = draw_i64();
    s->arrived_ns = draw_i64(), s->arrived_bound_ns = draw_i64();
    for (int i = below(6); i >= 0; i--) {
        char name[32], unit[16];
        FILL(name), FILL(unit);
        assert_true(stream_add_figure(s, name, unit, draw_real(), (enum window)below(WINDOW_COUNT),
                                      (enum figure_clock)below(FIGURE_CLOCK_COUNT)));
        FILL(s->figures[s->figure_count - 1].path);
    }
    s->point_count = (size_t)below(300);
    s->points = s->point_count ? calloc(s->point_count, sizeof *s->points) : NULL;
    struct meter_point point = { 0 };
    for (size_t i = 0; i < s->point_count; i++) {
        point.raw_ns += below(1000000000);
        point.bytes += draw() >> 20;
        point.operations += draw() >> 20;
        s->points[i] = point;
    }
    fill_latencies(s);
    fill_laps(s);
}

/* Trial `order` of a run with two steps and two trials a block. */
static inline void fill_trial(struct trial *t, int order)
{
    t->step = (order / 2) % 2, t->round = order / 4, t->block = order / 2, t->idx = order % 2;
    t->attempt = below(3), t->order = order;
    t->kind = (enum trial_kind)below(TRIAL_KIND_COUNT);
    t->at_ns = draw_i64(), t->at_real_ns = draw_i64();
    t->verdict = (enum verdict)below(VERDICT_COUNT);
    FILL(t->late), FILL(t->guest_state), FILL(t->why);
    t->confined.how = (enum confined_how)below(CONFINED_HOW_COUNT);
    FILL(t->confined.cpus);
    t->confined.bytes = (int64_t)below(1000000);
    t->partial = below(2);
    for (int i = below(4); i >= 0; i--)
        fill_stream(trial_add_stream(t));
    for (int i = below(4); i >= 0; i--) {
        struct clock_fit *c = trial_add_clock(t);
        FILL(c->node), FILL(c->stamps);
        c->offset_ns = draw_i64(), c->bound_ns = draw_i64();
        c->ppm = draw_real(), c->ppm_bound = INFINITY, c->wander_ppm = draw_real();
        c->probes = draw_int();
    }
    for (int i = below(4); i >= 0; i--) {
        struct kernel_clock *c = trial_add_kernel_clock(t);
        FILL(c->node), FILL(c->status), FILL(c->clocksource), FILL(c->why);
        c->moment = (enum moment)below(MOMENT_COUNT), c->synchronized = below(2);
        c->own_ns = draw_i64(), c->ppm = below(2) ? draw_real() : INFINITY;
        c->offset_ns = draw_i64(), c->slew_ns = draw_i64(), c->error_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        struct cost *c = trial_add_cost(t);
        FILL(c->node);
        c->scope = (enum cost_scope)below(COST_SCOPE_COUNT);
        c->wall_ns = draw_i64(), c->cpus = draw_int(), c->used_ns = draw_i64(), c->user_ns = draw_i64();
        c->sys_ns = draw_i64(), c->iowait_ns = draw_i64(), c->steal_ns = draw_i64();
        c->idle_baseline_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        struct skew *s = trial_add_skew(t);
        FILL(s->a), FILL(s->b);
        s->ns = draw_i64(), s->bound_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        struct around *a = trial_add_around(t);
        FILL(a->node), FILL(a->seen_by);
        a->cpus = draw_int(), a->from_ns = draw_i64(), a->to_ns = draw_i64(), a->steal_ns = draw_i64();
        a->run_ns = draw_i64(), a->wait_ns = draw_i64(), a->worst_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        assert_true(trial_add_flag(t, below((int)t->stream_count + 1) - 1, "kind", draw_real(), draw_real(), "text"));
        FILL(t->flags[t->flag_count - 1].kind);
        FILL(t->flags[t->flag_count - 1].text);
    }
}

static inline struct run_node *fill_node(struct run_node *n)
{
    FILL(n->name), FILL(n->role), FILL(n->instance), FILL(n->boot_id), FILL(n->product), FILL(n->version);
    FILL(n->address);
    n->fingerprint = draw_string();
    return n;
}

/* Without trials; the caller adds them as they happen. */
static inline struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof *run);
    for (int i = 0; i < 32; i++)
        text_append(run->uuid, sizeof run->uuid, "%x", below(16));
    FILL(run->scenario), FILL(run->version), FILL(run->why);
    run->scenario_text = draw_string(), run->overrides = draw_string(), run->left_out = draw_string();
    run->seed = draw() | UINT64_C(1) << 63, run->schema = draw_int(), run->rounds = draw_int();
    run->tolerance_ns = draw_i64(), run->started_real_ns = draw_i64();
    for (int i = 0; i < 2; i++) {
        struct run_step *step = run_add_step(run);
        FILL(step->name), FILL(step->workload), FILL(step->when), FILL(step->to);
        step->options = draw_string();
    }
    for (int i = 0; i < 2; i++)
        fill_node(run_add_node(run));
    return run;
}

static inline void keep_trial(struct archive *archive, struct run *run)
{
    struct trial *trial = run_add_trial(run);
    fill_trial(trial, (int)run->trial_count - 1);
    OK(archive_trial(archive, run, trial, &e));
}

static inline struct run *read_run(const char *path, const char *which)
{
    struct archive *archive = NULL;
    struct run *run = NULL;
    OK(archive_open_read(path, &archive, &e));
    OK(archive_read(archive, which, true, &run, &e));
    archive_close(&archive);
    assert_null(archive);
    return run;
}

static inline void make_archive_with_a_run(const char *path)
{
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    for (int i = 0; i < 4; i++)
        keep_trial(archive, run);
    run->status = RUN_COMPLETE;
    OK(archive_end(archive, run, &e));
    archive_close(&archive);
    run_destroy(&run);
}

#endif
