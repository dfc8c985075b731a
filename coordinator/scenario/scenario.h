/* scenario.h - a checked scenario: what a user's YAML file (schema version 1) says.
 *
 * Everything in it is resolved: names to indexes, defaults filled in, units converted.
 */
#ifndef TARE_SCENARIO_H
#define TARE_SCENARIO_H

#include <stdint.h>

#include "base/err.h"
#include "catalogue/catalogue.h"
#include "catalogue/guest.h"
#include "scenario/diag.h"

enum {
    SCENARIO_NAME = 64,
    SCENARIO_STEP_NAME = 128,
    SCENARIO_ADDRESS = 64,
    SCENARIO_NODES_MAX = 256,
    SCENARIO_STEPS_MAX = 1024
};

#define NODE_ROLES(R) R(HOST, "host") R(GUEST, "guest") R(PEER, "peer")
#define NODE_ROLE_ENUM(name, word) ROLE_##name,
enum node_role { NODE_ROLES(NODE_ROLE_ENUM) ROLE_COUNT };

enum on_bad { ON_BAD_KEEP, ON_BAD_REPEAT, ON_BAD_ABORT };
enum when { WHEN_PAIRED, WHEN_TOGETHER };

/* What a guest does while a node without it is measured. */
#define WHILE_HOST_RUNS "off|running|paused"
enum while_host_runs { GUEST_IS_OFF, GUEST_RUNS_ON, GUEST_IS_PAUSED };

/* Of the nodes of a paired block: as the step lists them; drawn anew for each block; or in every second
 * block the other way round, so that what changes steadily falls on all alike. */
#define BLOCK_ORDERS "written|random|abba"
enum block_order { ORDER_WRITTEN, ORDER_RANDOM, ORDER_ABBA };

struct scenario_node {
    char name[SCENARIO_NAME];
    enum node_role role;
    int on; /* a guest's host, index into nodes; -1 when it says none */
    /* How a guest comes about: made by its host's agent (owned), an existing domain of that name, or,
     * where it is neither, by itself. */
    struct guest_options *built_in;
    char domain[SCENARIO_NAME];
    enum while_host_runs while_host_runs;
    bool is_fresh;        /* started anew each round */
    enum confine confine; /* to what its host's work is kept, in steps that both run one after the other */
    /* Where others connect for the measured data, and from where it connects itself; "": where it joined from, and the
     * kernel's choice. */
    char address[SCENARIO_ADDRESS];
    struct {
        char address[SCENARIO_ADDRESS]; /* numeric; "": an agent is there, as a rule */
        uint16_t port;                  /* 0: netperf's own */
    } netserver;                        /* a stock one, and no agent */
};

/* tare starts it. */
static inline bool node_is_started(const struct scenario_node *node) { return node->built_in || node->domain[0]; }

/* It is off or paused while a node without it is measured. */
static inline bool node_is_away_for_others(const struct scenario_node *node)
{
    return node->built_in && node->while_host_runs != GUEST_RUNS_ON;
}

/* Nodes that were declared together, as host: {count: 4} or host[1-4]: where nodes are listed, the
 * name stands for all of them. */
struct scenario_group {
    char name[SCENARIO_NAME]; /* "host", "host[1-4]" */
    size_t first, count;      /* of the scenario's nodes */
};

struct scenario_step {
    char name[SCENARIO_STEP_NAME];
    const struct workload_info *workload;
    void *options; /* owned; workload->options->size bytes */
    int to;        /* the peer's index, -1 where the workload needs none */
    int *on;       /* owned; the nodes under test, in the order that the step lists them */
    size_t on_count;
    enum when when;
    bool is_unshaped; /* the ports of a lab are not shaped meanwhile */
    bool is_optional; /* left out where it cannot be run */
};

/* What a step's `matrix` became. */
struct scenario_matrix {
    char name[SCENARIO_STEP_NAME]; /* the step's */
    char axes[SCENARIO_STEP_NAME]; /* "file x record" */
    size_t first, count;           /* of the scenario's steps */
    size_t left_out;               /* combinations whose options do not go together */
};

struct scenario {
    char name[SCENARIO_NAME];
    char *text;      /* owned; the file as it was read, for the archive */
    char *overrides; /* owned; what was changed in it, "path=value" a line; "" for nothing */
    char *left_out;  /* owned; steps that it had and why they cannot be run here, "step: why" a line (leave.h) */
    struct scenario_node *nodes;
    size_t node_count;
    struct scenario_group *groups;
    size_t group_count;
    struct {
        int64_t tolerance_ns;
        enum on_bad on_bad;
        int repeat;        /* further attempts, with ON_BAD_REPEAT */
        double wander_ppm; /* assumed of every clock */
    } start;
    struct {
        double clock_ppm; /* a clock that surely runs off by more is flagged */
    } limits;
    int repeats;       /* rounds, at most */
    int repeats_least; /* ... and at least: less than `repeats` only with `until` */
    double until;      /* the ratios' half-width at which a step is known well enough; 0: nothing is asked */
    enum block_order order;
    uint64_t seed; /* 0: another one in each run */
    struct {
        int base; /* -1: no comparison asked for */
        int *with;
        size_t with_count;
    } compare;
    struct scenario_step *steps;
    size_t step_count;
    struct scenario_matrix *matrices;
    size_t matrix_count;
};

/* Read and check `path` ("-" is stdin, at most 1 MiB). On failure every mistake that was found is
 * in `diags` and *scenario is untouched; diags_new's file names it in the lines. */
MUST_CHECK bool scenario_load(const char *path, struct scenario **scenario, struct diags *diags);

/* The same from memory. */
MUST_CHECK bool scenario_parse(const char *text, size_t size, struct scenario **scenario, struct diags *diags);

/* Both with values that are changed first: each of `overrides` is a "path=value" (override.h), NULL
 * ends them; NULL for none. */
MUST_CHECK bool scenario_load_with(const char *path, const char *const *overrides, struct scenario **scenario,
                                   struct diags *diags);
MUST_CHECK bool scenario_parse_with(const char *text, size_t size, const char *const *overrides,
                                    struct scenario **scenario, struct diags *diags);

void scenario_destroy(struct scenario **scenario);

/* Free what a step owns; for leave.h. */
void scenario_clear_step(struct scenario_step *step);

const char *node_role_name(enum node_role role);

/* Whether it has an agent, which joins the run. */
static inline bool node_has_agent(const struct scenario_node *node) { return node->netserver.address[0] == '\0'; }

#endif
