/* compared_run.h - runs whose figures are known, to be judged and compared: a host, its guest and a
 * peer on a switch of 100 Mbit/s, as the lab has them. */
#ifndef TARE_COMPARED_RUN_H
#define TARE_COMPARED_RUN_H

#include "sample_run.h"

/* What 100 Mbit/s carry of TCP's payload: 1448 of 1538 bytes. */
#define FULL_WIRE (100e6 * 1448 / 1538)

#define LINK(name, more) "{\"name\": \"" name "\", \"up\": true, \"mtu\": 1500" more "}"
#define SHAPED ", \"qdisc\": \"tbf\", \"shaped_bit_s\": 100000000, \"shaped_overhead\": 24"
#define ROUTES(device) "\"routes\": [\"10.77.0.0/24 " device " 0\", \"0.0.0.0/0 " device " 5\"]"
#define COMMON "\"tcp_timestamps\": 1, \"kernel\": \"6.1.0-28-amd64\", \"cpus_allowed\": \"0-1\", \"arch\": \"x86_64\""

#define HOST_FACTS                                                                                                \
    "{" COMMON ", \"links\": [" LINK("eth0", ", \"kind\": \"veth\", \"master\": \"br0\"" SHAPED) "," LINK(        \
        "br0",                                                                                                    \
        ", \"kind\": \"bridge\", \"addresses\": [\"10.77.0.1/24\"]") "," LINK("tap0",                             \
                                                                              ", \"kind\": \"tun\", \"master\": " \
                                                                              "\"br0\"") "], " ROUTES("br0") "}"
#define GUEST_FACTS \
    "{" COMMON ", \"links\": [" LINK("eth0", ", \"addresses\": [\"10.77.0.2/24\"]") "], " ROUTES("eth0") "}"
#define PEER_FACTS \
    "{" COMMON ", \"links\": [" LINK("eth0", ", \"addresses\": [\"10.77.0.3/24\"]" SHAPED) "], " ROUTES("eth0") "}"

static inline void set_facts(struct run *run, int node, const char *json)
{
    free(run->nodes[node].fingerprint);
    run->nodes[node].fingerprint = strdup(json);
}

enum { HOST, GUEST, PEER };

/* Three machines; no trial yet. */
static inline struct run *lab_run(void)
{
    struct run *run = new_run();
    static const char *const BOOTS[] = { "boot-a", "boot-b", "boot-c" };
    static const char *const FACTS[] = { HOST_FACTS, GUEST_FACTS, PEER_FACTS };
    for (int i = 0; i < 3; i++) {
        text_copy(run->nodes[i].boot_id, sizeof run->nodes[i].boot_id, BOOTS[i]);
        set_facts(run, i, FACTS[i]);
    }
    return run;
}

/* A load of 5 s, with its bytes and nothing else. */
static inline struct stream *add_flow(struct trial *t, const char *node, const char *direction, double rate)
{
    struct stream *s = trial_add_stream(t);
    text_copy(s->node, sizeof s->node, node);
    text_copy(s->peer, sizeof s->peer, "peer");
    text_copy(s->direction, sizeof s->direction, direction);
    s->operates = true;
    s->first_op_ns = t->at_ns + 300, s->first_op_bound_ns = 2400;
    s->last_op_ns = s->first_op_ns + INT64_C(5000000000), s->last_op_bound_ns = 2400;
    stream_add_figure(s, "throughput", "bit/s", rate, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    stream_add_figure(s, "bytes", "B", rate * 5 / 8, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    return s;
}

/* What machine and agent used, in CPUs. */
static inline void add_use(struct trial *t, const char *node, int cpus, double machine, double process)
{
    for (int i = 0; i < 2; i++) {
        struct cost *cost = trial_add_cost(t);
        text_copy(cost->node, sizeof cost->node, node);
        cost->scope = i == 0 ? COST_MACHINE : COST_PROCESS;
        cost->wall_ns = INT64_C(5000000000), cost->cpus = cpus;
        cost->used_ns = (int64_t)((i == 0 ? machine : process) * 5 * CLOCK_NS_PER_S);
        cost->idle_baseline_ns = -1;
    }
}

/* What is known of a node's clock. */
static inline void add_clock(struct trial *t, const char *node, double ppm, double ppm_bound)
{
    struct clock_fit *c = trial_add_clock(t);
    text_copy(c->node, sizeof c->node, node);
    c->bound_ns = 2400, c->probes = 200;
    c->ppm = ppm, c->ppm_bound = ppm_bound, c->wander_ppm = 1;
}

/* Both trials of a paired block of step 0: host, then guest, the host's machine used for both. */
static inline void add_pair(struct run *run, int round, double host, double guest)
{
    struct trial *t = new_trial(run, 0, round, 0);
    add_flow(t, "host", "send", host);
    add_use(t, "host", 2, 0.30, 0.10);
    add_use(t, "peer", 4, 0.30, 0.20);
    add_clock(t, "host", 0.1, 0.2);
    t = new_trial(run, 0, round, 1);
    add_flow(t, "guest", "send", guest);
    add_use(t, "guest", 1, 0.50, 0.40);
    add_use(t, "host", 2, 0.90, 0.01);
    add_use(t, "peer", 4, 0.30, 0.20);
    add_clock(t, "guest", round == 1 ? -7.5 : 3, 0.5);
}

#endif
