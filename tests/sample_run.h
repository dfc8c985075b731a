/* sample_run.h - a run as reports should be able to show it. */
#ifndef TARE_SAMPLE_RUN_H
#define TARE_SAMPLE_RUN_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "result/model.h"

#define T0 INT64_C(5000000000000)

static inline void name_step(struct run *run, const char *name, const char *when)
{
    struct run_step *step = run_add_step(run);
    text_copy(step->name, sizeof step->name, name);
    text_copy(step->workload, sizeof step->workload, "net_stream");
    text_copy(step->when, sizeof step->when, when);
    text_copy(step->to, sizeof step->to, "peer");
    step->options = strdup("{\"length\": \"5s\", \"direction\": \"send\"}");
}

static inline void name_node(struct run *run, const char *name, const char *role, const char *boot, const char *product)
{
    struct run_node *node = run_add_node(run);
    text_copy(node->name, sizeof node->name, name);
    text_copy(node->role, sizeof node->role, role);
    text_copy(node->boot_id, sizeof node->boot_id, boot);
    text_copy(node->product, sizeof node->product, product);
    snprintf(node->instance, sizeof node->instance, "instance-of-%s", name);
    text_copy(node->version, sizeof node->version, "0.1.0");
    snprintf(node->address, sizeof node->address, "10.77.0.%zu:40112", run->node_count);
    node->fingerprint = strdup("{\"kernel\": \"6.1.0-28-amd64\", \"cpus\": 2}");
}

static inline struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof *run);
    text_copy(run->uuid, sizeof run->uuid, "6f1c2f0e-6a56-4c0e-9d3b-0f6a3f1b2c4d");
    text_copy(run->scenario, sizeof run->scenario, "quickstart");
    text_copy(run->version, sizeof run->version, "0.1.0");
    run->no = 12;
    run->schema = 1;
    run->seed = UINT64_MAX;
    run->rounds = 3;
    run->tolerance_ns = 100000;
    run->status = RUN_COMPLETE;
    run->started_real_ns = INT64_C(1795447238) * CLOCK_NS_PER_S;
    run->ended_real_ns = run->started_real_ns + 72 * INT64_C(1000000000);
    name_node(run, "host", "host", "boot-a", "Debian GNU/Linux 12");
    name_node(run, "guest", "guest", "boot-b", "QEMU/KVM 7.2");
    name_node(run, "peer", "peer", "boot-a", "tare-netserver");
    name_step(run, "stream", "paired");
    name_step(run, "both", "together");
    return run;
}

static inline struct trial *new_trial(struct run *run, int step, int round, int idx)
{
    struct trial *t = run_add_trial(run);
    t->step = step, t->round = round, t->idx = idx;
    t->block = round * 2 + step;
    t->order = (int)run->trial_count - 1;
    t->at_ns = T0 + t->order * INT64_C(6000000000);
    t->at_real_ns = run->started_real_ns + t->order * INT64_C(6000000000);
    t->verdict = VERDICT_SINGLE;
    return t;
}

static inline struct stream *add_load(struct trial *t, const char *node, const char *direction, double rate,
                                      int64_t after_ns)
{
    struct stream *s = trial_add_stream(t);
    text_copy(s->node, sizeof s->node, node);
    text_copy(s->peer, sizeof s->peer, "peer");
    text_copy(s->direction, sizeof s->direction, direction);
    text_copy(s->gate, sizeof s->gate, "fifo");
    s->operates = strcmp(direction, "send") == 0;
    s->first_op_ns = t->at_ns + after_ns, s->first_op_bound_ns = 2400;
    s->last_op_ns = s->first_op_ns + INT64_C(5000000000), s->last_op_bound_ns = 2400;
    s->own_first_op_ns = s->first_op_ns + INT64_C(3600000000000), s->own_elapsed_ns = INT64_C(5000000000);
    if (!s->operates)
        s->arrived_ns = s->first_op_ns - 40000, s->arrived_bound_ns = 2400;
    stream_add_figure(s, "throughput", "bit/s", rate, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    stream_add_figure(s, "throughput", "bit/s", rate * 1.001, WINDOW_COMMON, FIGURE_ON_COORDINATOR);
    stream_add_figure(s, "throughput", "bit/s", rate * 0.999, WINDOW_WHOLE, FIGURE_ON_OWN);
    stream_add_figure(s, "retransmits", "1", (double)(t->order % 3), WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    stream_add_figure(s, "rtt", "s", 0.00123, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    stream_add_figure(s, "cpu_node", "s/GB", 0.412 + t->order / 100.0, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    return s;
}

static inline void add_witness(struct trial *t, const char *peer)
{
    struct stream *s = trial_add_stream(t);
    text_copy(s->node, sizeof s->node, "peer");
    text_copy(s->peer, sizeof s->peer, peer);
    text_copy(s->direction, sizeof s->direction, "receive");
    s->role = STREAM_WITNESS;
    stream_add_figure(s, "bytes", "B", 58843750, WINDOW_WHOLE, FIGURE_ON_OWN);
}

static inline void add_facts(struct trial *t, const char *node, enum cost_scope scope, double used_s)
{
    struct clock_fit *c = trial_add_clock(t);
    text_copy(c->node, sizeof c->node, node);
    c->offset_ns = 123456789, c->bound_ns = 2400;
    c->ppm = -3.25, c->ppm_bound = 0.5, c->wander_ppm = 1, c->probes = 200;
    text_copy(c->stamps, sizeof c->stamps, "user");
    struct cost *cost = trial_add_cost(t);
    text_copy(cost->node, sizeof cost->node, node);
    cost->scope = scope;
    cost->wall_ns = INT64_C(5000000000), cost->cpus = 2;
    cost->used_ns = (int64_t)(used_s * CLOCK_NS_PER_S);
    cost->idle_baseline_ns = -1;
}

static inline void add_kernel_clock(struct trial *t, const char *node, enum moment moment, double ppm, const char *why)
{
    struct kernel_clock *c = trial_add_kernel_clock(t);
    text_copy(c->node, sizeof c->node, node);
    c->moment = moment;
    c->own_ns = t->at_ns + INT64_C(3600000000000) + (moment == MOMENT_AFTER ? INT64_C(5100000000) : -60000000);
    c->ppm = ppm;
    text_copy(c->why, sizeof c->why, why);
    if (*why)
        return;
    c->error_ns = 1500000, c->offset_ns = -12000, c->synchronized = true;
    text_copy(c->status, sizeof c->status, "pll nano");
    text_copy(c->clocksource, sizeof c->clocksource, "tsc");
}

static inline void add_around(struct trial *t, const char *node, const char *seen_by, int64_t worst_ns,
                              int64_t steal_ns)
{
    struct around *a = trial_add_around(t);
    text_copy(a->node, sizeof a->node, node);
    text_copy(a->seen_by, sizeof a->seen_by, seen_by);
    a->cpus = 2, a->from_ns = -5020000, a->to_ns = 5080000;
    a->run_ns = worst_ns < 0 ? -1 : 9700000, a->wait_ns = worst_ns < 0 ? -1 : worst_ns + 2000;
    a->worst_ns = worst_ns, a->steal_ns = steal_ns;
}

static inline void add_skew(struct trial *t, int64_t ns, int64_t bound_ns)
{
    struct skew *s = trial_add_skew(t);
    text_copy(s->a, sizeof s->a, "host");
    text_copy(s->b, sizeof s->b, "guest");
    s->ns = ns, s->bound_ns = bound_ns;
}

/* Three rounds: a pair each and one trial together; one guest lost, one start late and repeated,
 * and a node that writes to the terminal what it likes. */
static inline struct run *rich_run(void)
{
    struct run *run = new_run();
    for (int round = 0; round < 3; round++) {
        struct trial *t = new_trial(run, 0, round, 0);
        struct stream *host = add_load(t, "host", "send", 94.15e6 + round * 4e4, 310 + round);
        stream_add_figure(host, "cpu_peer", "s/GB", 0.38, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
        add_witness(t, "host");
        add_facts(t, "host", COST_MACHINE, 0.9);
        add_facts(t, "host", COST_PROCESS, 0.25);
        add_kernel_clock(t, "host", MOMENT_BEFORE, 12.5, "");
        add_kernel_clock(t, "host", MOMENT_AFTER, 12.25, "");
        trial_add_flag(t, -1, "clock", 0, 0, "the clock's stamps come over ZeroMQ: is UDP port 7117 open?");

        t = new_trial(run, 0, round, 1);
        add_load(t, "guest", "send", 91.02e6 - round * 1e6, -120);
        add_facts(t, "guest", COST_MACHINE, 0.7);
        add_kernel_clock(t, "guest", MOMENT_BEFORE, NAN, "adjtimex: Operation not permitted");
        add_around(t, "guest", "guest", -1, 0);
        add_around(t, "guest", "host", 40000 + round, -1);
        trial_add_flag(t, -1, "clock", 0, 0, "the clock's stamps come over ZeroMQ: is UDP port 7117 open?");
        if (round == 1) {
            t->partial = true;
            text_copy(t->why, sizeof t->why, "guest did not answer for 3.5 s");
        }

        for (int attempt = round == 2 ? 0 : 1; attempt < 2; attempt++) {
            t = new_trial(run, 1, round, 0);
            t->attempt = attempt - (round != 2);
            add_load(t, "host", "send", round == 0 ? 31.1e6 : 47.1e6, 0); /* the disturbed one */
            add_load(t, "guest", "send", 46.9e6, 0);
            t->verdict = round == 2 && attempt == 0 ? VERDICT_LATE : VERDICT_TOGETHER;
            if (t->verdict == VERDICT_LATE)
                text_copy(t->late, sizeof t->late, "guest");
            add_skew(t, t->verdict == VERDICT_LATE ? -4100000 : -1240 + round, 2400);
            if (round == 0)
                trial_add_flag(t, 1, "noisy", 3.1, 1, "steal \x1b[31m3.1 %% (limit 1 %%)");
        }
    }
    return run;
}

#endif
