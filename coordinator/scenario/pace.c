#include "pace.h"

#include <stdlib.h>

#include "base/clock.h"

/* A step's trials on one of its nodes, or, together, on all of them. */
struct seen {
    int64_t took_ns; /* the last one; 0: none yet */
};

struct pace {
    const struct scenario *scenario;
    int64_t overhead_ns;
    enum pace_accel *accel; /* owned; one a node */
    struct seen *seen;      /* owned; of step i from first[i] on */
    size_t *first;          /* owned */
    int64_t guests_ns;      /* a round; -1: not seen yet */
    double scale;           /* of what was not seen, by an earlier run; 0: there is none */
};

static int64_t mid(struct span_ns span) { return span.least + (span.most - span.least) / 2; }

static enum pace_accel accel_of(const struct scenario_node *node, enum pace_accel otherwise)
{
    static const enum pace_accel DECLARED[] = { [GUEST_ACCEL_KVM] = PACE_KVM, [GUEST_ACCEL_TCG] = PACE_EMULATED };
    if (node->role != ROLE_GUEST)
        return PACE_KVM; /* no slower than its machine */
    return node->built_in && node->built_in->accel != GUEST_ACCEL_AUTO ? DECLARED[node->built_in->accel] : otherwise;
}

struct pace *pace_new(const struct scenario *s, int64_t overhead_ns, enum pace_accel accel)
{
    struct pace *p = calloc(1, sizeof *p);
    size_t count = 0;
    if (!p)
        return NULL;
    *p = (struct pace){ .scenario = s, .overhead_ns = overhead_ns, .guests_ns = -1 };
    p->accel = calloc(s->node_count + 1, sizeof *p->accel);
    p->first = calloc(s->step_count + 1, sizeof *p->first);
    for (size_t i = 0; p->first && i < s->step_count; i++) {
        p->first[i] = count;
        count += s->steps[i].on_count;
    }
    p->seen = calloc(count + 1, sizeof *p->seen);
    if (!p->accel || !p->first || !p->seen) {
        pace_destroy(&p);
        return NULL;
    }
    for (size_t i = 0; i < s->node_count; i++)
        p->accel[i] = accel_of(&s->nodes[i], accel);
    return p;
}

void pace_destroy(struct pace **pace)
{
    struct pace *p = *pace;
    *pace = NULL;
    if (!p)
        return;
    free(p->accel);
    free(p->first);
    free(p->seen);
    free(p);
}

void pace_set_accel(struct pace *p, int node, enum pace_accel accel) { p->accel[node] = accel; }

static size_t place_of(const struct pace *p, const struct plan_trial *trial)
{
    return p->first[trial->step] + (size_t)plan_slot(p->scenario, trial);
}

void pace_saw(struct pace *p, const struct plan_trial *trial, int64_t took_ns)
{
    p->seen[place_of(p, trial)].took_ns = took_ns > 0 ? took_ns : 1;
}

void pace_saw_guests(struct pace *p, int64_t took_ns) { p->guests_ns = took_ns; }

static struct span_ns scaled(const struct pace *p, struct span_ns span)
{
    const int64_t known = (int64_t)((double)mid(span) * p->scale);
    return p->scale > 0 ? (struct span_ns){ known, known } : span;
}

/* Where it is certain that one of the nodes is emulated, and where that may be. */
static struct span_ns expected(const struct pace *p, int step, const int *loads, size_t count)
{
    const struct workload_info *w = p->scenario->steps[step].workload;
    const struct workload_time time = catalogue_time(w, p->scenario->steps[step].options);
    const double own = (double)(time.ready_ns + time.usual_ns), fixed = (double)(p->overhead_ns + time.warmup_ns);
    double least = 1, most = 1;
    for (size_t i = 0; i < count && w->emulated_most > 0; i++) {
        least = p->accel[loads[i]] == PACE_EMULATED ? w->emulated_least : least;
        most = p->accel[loads[i]] != PACE_KVM ? w->emulated_most : most;
    }
    return (struct span_ns){ (int64_t)(fixed + least * own), (int64_t)(fixed + most * own) };
}

static struct span_ns span_at(const struct pace *p, int step, int slot)
{
    const struct scenario_step *s = &p->scenario->steps[step];
    const int64_t took = p->seen[p->first[step] + (size_t)slot].took_ns;
    const bool is_one = s->when == WHEN_TOGETHER;
    if (took > 0)
        return (struct span_ns){ took, took };
    return scaled(p, expected(p, step, is_one ? s->on : s->on + slot, is_one ? s->on_count : 1));
}

struct span_ns pace_of(const struct pace *p, const struct plan_trial *trial)
{
    return span_at(p, trial->step, plan_slot(p->scenario, trial));
}

/* Of the guests of one round, side by side: measured here, KVM and emulated. */
static struct span_ns guests_span(const struct pace *p)
{
    enum { KVM_LEAST_MS = 3000, KVM_MOST_MS = 6000, EMULATED_LEAST_MS = 6000, EMULATED_MOST_MS = 12000 };
    const struct scenario *s = p->scenario;
    struct span_ns span = { 0, 0 };
    if (p->guests_ns >= 0)
        return (struct span_ns){ p->guests_ns, p->guests_ns };
    for (size_t i = 0; i < s->node_count; i++) {
        const int64_t least = clock_ms(p->accel[i] == PACE_EMULATED ? EMULATED_LEAST_MS : KVM_LEAST_MS);
        const int64_t most = clock_ms(p->accel[i] == PACE_KVM ? KVM_MOST_MS : EMULATED_MOST_MS);
        if (!s->nodes[i].built_in)
            continue;
        span.least = least > span.least ? least : span.least;
        span.most = most > span.most ? most : span.most;
    }
    return scaled(p, span);
}

static void add(struct span_ns *to, struct span_ns more, int64_t times)
{
    to->least += times * more.least;
    to->most += times * more.most;
}

struct span_ns pace_left(const struct pace *p, const struct plan *plan)
{
    struct span_ns left = { 0, 0 };
    struct plan_trial again;
    for (size_t i = 0; i < p->scenario->step_count; i++) {
        const struct scenario_step *s = &p->scenario->steps[i];
        for (int slot = 0; slot < (s->when == WHEN_TOGETHER ? 1 : (int)s->on_count); slot++)
            add(&left, span_at(p, (int)i, slot), plan_left_of(plan, (int)i, slot));
    }
    if (plan_pending(plan, &again))
        add(&left, pace_of(p, &again), 1);
    add(&left, guests_span(p), plan_rounds_left(plan));
    return left;
}

void pace_set_whole(struct pace *p, int64_t whole_ns)
{
    struct plan *plan = plan_new(p->scenario, p->scenario->seed);
    const int64_t expects = plan ? mid(pace_left(p, plan)) : 0;
    p->scale = expects > 0 ? (double)whole_ns / (double)expects : 0;
    plan_destroy(&plan);
}
