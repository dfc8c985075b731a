/* compile.c - the workload `compile`: a tree is built, and the build timed as a whole. */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/beside.h"
#include "base/clock.h"
#include "base/text.h"
#include "guests/root.h"
#include "workloads/compile/build_place.h"
#include "workloads/compile/tree_cache.h"
#include "workloads/workloads.h"

/* What has been made ready waits for the others, who may take as long as it was allowed to. */
enum { OTHERS_S = 300 };

struct compile_work {
    _Atomic bool stopped;
    struct tree_place tree;
    struct root_tree root; /* its `tree` "" for this machine's own */
    struct build_place place;
    struct build_run timed;
};

static const struct compile_options *options_of(const struct part *part) { return &part->options.compile; }

static void release(struct part *part)
{
    struct compile_work *w = part->own;
    part->own = NULL;
    if (!w)
        return;
    build_run_close(&w->timed);
    build_place_leave(&w->place);
    tree_place_unlock(&w->tree);
    free(w);
}

/* What is the same for every build of this trial, for the figures' path. */
static void name_route(struct part_flow *f, const struct build_place *place, const char *compiler)
{
    const struct compile_options *o = options_of(f->part);
    const char *name = strrchr(o->source, '/');
    char hash[TREE_HASH_TEXT];
    f->route[0] = '\0';
    text_append(f->route, sizeof f->route, "%s %.8s; ", name && name[1] ? name + 1 : o->source,
                tree_hash_text(f->part->order.tree, hash));
    if (place->plan.is_kernel)
        text_append(f->route, sizeof f->route, "%s; ", o->config);
    const struct compile_work *w = f->part->own;
    text_append(f->route, sizeof f->route, "%s -j%d%s%s; ", o->command, place->plan.jobs, *o->target ? " " : "",
                o->target);
    if (*w->timed.by_exec)
        text_append(f->route, sizeof f->route, "started by exec, since %s; ", w->timed.by_exec);
    text_append(f->route, sizeof f->route, "%s", compiler);
    if (*w->root.tree)
        text_append(f->route, sizeof f->route, ", guests' system %.8s", w->root.name);
}

/* The tree that the coordinator has sent, and that stays as long as it is built from. */
static bool find_tree(const struct part *part, struct tree_place *tree, struct err *e)
{
    if (part->order.tree_size != TREE_HASH)
        return err_set(e, ERR_PARTIAL, "a damaged PREPARE: no source");
    if (!tree_place_of(part->order.tree, tree, e))
        return false;
    if (!tree_place_lock(tree, false, e))
        return err_set(e, ERR_PARTIAL, "source %.200s: another agent of this machine has it in hand",
                       options_of(part)->source);
    return tree_place_is_whole(tree) ||
           err_set(e, ERR_PARTIAL, "source %.200s: it is not here", options_of(part)->source);
}

static void tell_nobody(void *context, const char *what) { (void)context, (void)what; }

/* The system that guests build in, and their host as well, so that nothing but the machine differs. A host that builds
 * before its guest is made is the first to need it. */
static bool find_root(const struct part *part, struct root_tree *root, struct err *e)
{
    const struct root_order order = { .cancel_fd = part->cancel_fd, .tell = tell_nobody };
    return !part->order.in_root || (root_tree_of(root, e) && (root_tree_is_there(root) || root_make(&order, root, e)));
}

static int jobs_of(const struct compile_options *o)
{
    cpu_set_t allowed;
    return o->jobs > 0 ? (int)o->jobs : sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

static bool prepare(struct part *part, struct err *e)
{
    const struct compile_options *o = options_of(part);
    const int64_t deadline = clock_mono_ns() + o->limit_ns;
    struct compile_work *w = calloc(1, sizeof *w);
    char compiler[96], gate[PATH_MAX];
    if (!w)
        return err_set(e, ERR_INTERNAL, "out of memory");
    part->own = w;
    w->place.scratch.lock_fd = w->tree.lock_fd = -1;
    build_run_init(&w->timed);
    part->flow_count = 1;
    part->flows[0].starts = true;
    if (!find_tree(part, &w->tree, e) || !find_root(part, &w->root, e))
        return false;
    if (!beside_find(BESIDE_THIS, GATE_LIBRARY, gate))
        gate[0] = '\0';
    const struct build_order order = { .options = o,
                                       .tree = w->tree.tree,
                                       .root = w->root.tree,
                                       .system = w->root.name,
                                       .gate = gate,
                                       .prepared = w->tree.prepared,
                                       .jobs = jobs_of(o),
                                       .deadline_mono = deadline,
                                       .held_until_mono = deadline + o->limit_ns + OTHERS_S * (int64_t)CLOCK_NS_PER_S,
                                       .cancel_fd = part->cancel_fd };
    if (!build_place_enter(&w->place, &order, e) || !build_place_compiler(&w->place, compiler, sizeof compiler, e) ||
        !build_place_prepare(&w->place, e))
        return false;
    for (int64_t i = 0; i < o->warmups; i++)
        if (!build_place_warm_up(&w->place, e))
            return err_wrap(e, "warm-up");
    if (!build_place_hold(&w->place, &w->timed, e))
        return false;
    w->place.order.gate = ""; /* it was this function's */
    name_route(&part->flows[0], &w->place, compiler);
    return true;
}

/* Held in front of its `main` the build stands at the gate itself. */
static bool hand_over(struct part_flow *f)
{
    const struct compile_work *w = f->part->own;
    const struct start_gate *gate = &f->gate;
    return cage_arm(w->timed.cage, &(struct gate_instant){ gate->at_ns, gate->may_spin, gate->slot });
}

static void tell(struct part_flow *f, const struct cage_result *r, uint64_t lines)
{
    const struct compile_work *w = f->part->own;
    struct part_lap lap = { .first_ns = r->entered_ns, .last_ns = r->ended_ns };
    lap.counters[COMPILE_COUNTER_REAL] = r->ended_ns - r->entered_ns;
    lap.counters[COMPILE_COUNTER_USER] = r->user_ns;
    lap.counters[COMPILE_COUNTER_SYS] = r->sys_ns;
    lap.counters[COMPILE_COUNTER_ENTRY] = r->entered_ns - f->gate.at_ns;
    lap.counters[COMPILE_COUNTER_STEPS] = (int64_t)lines;
    lap.counters[COMPILE_COUNTER_PEAK] = r->peak_bytes;
    lap.counters[COMPILE_COUNTER_JOBS] = w->place.plan.jobs;
    lap.counters[COMPILE_COUNTER_PRELOADED] = r->how != NULL;
    part_tell_lap(f, &lap);
}

static bool run(struct part_flow *f, struct err *e)
{
    struct compile_work *w = f->part->own;
    struct cage_result result;
    if (*w->timed.by_exec)
        cage_release(w->timed.cage);
    const struct build_watch watch = { .meter = &f->meter, .cancel_fd = -1, .deadline_mono = INT64_MAX };
    bool ok = build_run_wait(&w->timed, &watch, &result, e);
    if (ok) {
        f->times.first_op_ns = result.entered_ns;
        f->times.last_op_ns = result.ended_ns;
    }
    if (ok && result.how) {
        f->gate.how = result.how;
        f->gate.released_ns = result.opened_ns;
    }
    if (atomic_load(&w->stopped))
        return err_set(e, ERR_PARTIAL, "build: stopped");
    if (!ok)
        return false;
    if (result.status != 0)
        return build_place_tell_failure(&w->place, &w->timed, result.status, e);
    tell(f, &result, w->timed.log.lines);
    return true;
}

static void stop(struct part *part)
{
    struct compile_work *w = part->own;
    atomic_store(&w->stopped, true);
    if (w->timed.cage)
        cage_kill(w->timed.cage);
}

const struct workload WORKLOAD_COMPILE = { .name = "compile",
                                           .part = PART_LOAD,
                                           .right = "builds",
                                           .prepare = prepare,
                                           .hand_over = hand_over,
                                           .run = run,
                                           .stop = stop,
                                           .abort = stop,
                                           .release = release };
