#include "tables.h"

#include "archive/owner.h"
#include "base/text.h"

/* clang-format off */
#define COLUMN(type, member, name, kind) { name, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL }
#define TEXT(type, member) COLUMN(type, member, #member, COLUMN_TEXT)
#define STRING(type, member) COLUMN(type, member, #member, COLUMN_STRING)
#define INT(type, member) COLUMN(type, member, #member, COLUMN_INT)
#define I64(type, member) COLUMN(type, member, #member, COLUMN_I64)
#define U64(type, member) COLUMN(type, member, #member, COLUMN_U64)
#define BOOL(type, member) COLUMN(type, member, #member, COLUMN_BOOL)
#define REAL(type, member) COLUMN(type, member, #member, COLUMN_REAL)
#define MAYBE(type, member) COLUMN(type, member, #member, COLUMN_MAYBE)
#define WORD(type, member, list) { #member, COLUMN_WORD, offsetof(struct type, member), sizeof(int), &list##_words }

static const struct column RUN[] = {
    TEXT(run, uuid), TEXT(run, scenario), WORD(run, status, run_status), TEXT(run, why), I64(run, started_real_ns),
    I64(run, ended_real_ns), INT(run, rounds), I64(run, tolerance_ns), U64(run, seed), INT(run, schema),
    TEXT(run, version), STRING(run, scenario_text), STRING(run, overrides),
    STRING(run, left_out),
};
static const struct column OWNER[] = {
    I64(owner, pid), COLUMN(owner, started, "pid_started", COLUMN_I64), TEXT(owner, boot_id),
};
static const struct column NODE[] = {
    TEXT(run_node, name), TEXT(run_node, role), TEXT(run_node, instance), TEXT(run_node, boot_id),
    TEXT(run_node, product), TEXT(run_node, version), TEXT(run_node, address), STRING(run_node, fingerprint),
};
static const struct column STEP[] = {
    TEXT(run_step, name), TEXT(run_step, workload), TEXT(run_step, when), TEXT(run_step, to), STRING(run_step, options),
};
static const struct column BLOCK[] = {
    INT(trial, step), INT(trial, round), COLUMN(trial, block, "idx", COLUMN_INT),
    COLUMN(trial, block_order, "order", COLUMN_TEXT),
};
static const struct column TRIAL[] = {
    INT(trial, idx), INT(trial, attempt), INT(trial, order), WORD(trial, kind, trial_kind), I64(trial, at_ns),
    I64(trial, at_real_ns), WORD(trial, verdict, verdict), TEXT(trial, late), TEXT(trial, guest_state),
    BOOL(trial, partial), TEXT(trial, why),
    { "confined", COLUMN_WORD, offsetof(struct trial, confined.how), sizeof(int), &confined_how_words },
    COLUMN(trial, confined.cpus, "confined_cpus", COLUMN_TEXT),
    COLUMN(trial, confined.bytes, "confined_bytes", COLUMN_I64),
};
static const struct column STREAM[] = {
    TEXT(stream, node), TEXT(stream, peer), WORD(stream, role, stream_role), TEXT(stream, direction),
    BOOL(stream, operates), I64(stream, first_op_ns), I64(stream, first_op_bound_ns), I64(stream, last_op_ns),
    I64(stream, last_op_bound_ns), I64(stream, own_elapsed_ns), TEXT(stream, gate), TEXT(stream, release),
    I64(stream, arrived_ns), I64(stream, arrived_bound_ns),
    I64(stream, own_first_op_ns),
};
static const struct column FIGURE[] = {
    TEXT(figure, name), TEXT(figure, unit), REAL(figure, value), WORD(figure, window, window),
    WORD(figure, clock, figure_clock), TEXT(figure, path),
};
static const struct column LAP[] = {
    TEXT(lap, test), INT(lap, number), I64(lap, first_ns), I64(lap, last_ns), STRING(lap, counters),
    COLUMN(lap, times, "times", COLUMN_BLOB),
};
static const struct column CLOCK[] = {
    TEXT(clock_fit, node), I64(clock_fit, offset_ns), I64(clock_fit, bound_ns), MAYBE(clock_fit, ppm),
    MAYBE(clock_fit, ppm_bound), MAYBE(clock_fit, wander_ppm), TEXT(clock_fit, stamps), INT(clock_fit, probes),
};
static const struct column KERNEL_CLOCK[] = {
    TEXT(kernel_clock, node), WORD(kernel_clock, moment, moment), I64(kernel_clock, own_ns), MAYBE(kernel_clock, ppm),
    I64(kernel_clock, offset_ns), I64(kernel_clock, slew_ns), I64(kernel_clock, error_ns),
    BOOL(kernel_clock, synchronized), TEXT(kernel_clock, status), TEXT(kernel_clock, clocksource),
    TEXT(kernel_clock, why),
};
static const struct column COST[] = {
    TEXT(cost, node), WORD(cost, scope, cost_scope), I64(cost, wall_ns), INT(cost, cpus), I64(cost, used_ns),
    I64(cost, user_ns), I64(cost, sys_ns), I64(cost, iowait_ns), I64(cost, steal_ns), I64(cost, idle_baseline_ns),
};
static const struct column SKEW[] = {
    TEXT(skew, a), TEXT(skew, b), I64(skew, ns), I64(skew, bound_ns),
};
static const struct column AROUND[] = {
    TEXT(around, node), TEXT(around, seen_by), INT(around, cpus), I64(around, from_ns), I64(around, to_ns),
    I64(around, run_ns), I64(around, wait_ns), I64(around, worst_ns), I64(around, steal_ns),
};
static const struct column FLAG[] = {
    INT(flag, stream), TEXT(flag, kind), MAYBE(flag, value), MAYBE(flag, limit), TEXT(flag, text),
};

#define OF_TRIAL .keys = { "trial", "idx" }, .conflict = "", .id = "idx", .where = "trial = ?1 ORDER BY idx"
#define OF_RUN .keys = { "run", "idx" }, .id = "idx", .where = "run = ?1 ORDER BY idx"
#define ROWS(type, list) .row_size = sizeof(struct type), .columns = list, .column_count = ARRAY_SIZE(list)

const struct table TABLE_RUN = { .name = "run", .keys = { "", "" }, .conflict = "", .id = "no",
                                 .where = "?1 IN (0, no) ORDER BY no", ROWS(run, RUN) };
const struct table TABLE_OWNER = { .name = "run", .keys = { "", "" }, .conflict = "", .id = "no",
                                   .where = "status = 'running' AND ?1 IN (0, no) ORDER BY no", ROWS(owner, OWNER) };
/* A node that joins again as the same process is known already. */
const struct table TABLE_NODE = { .name = "node", OF_RUN, .conflict = "ON CONFLICT (run, name, instance) DO NOTHING",
                                  ROWS(run_node, NODE) };
const struct table TABLE_STEP = { .name = "step", OF_RUN, .conflict = "", ROWS(run_step, STEP) };
/* The first of a block's trials makes it. */
const struct table TABLE_BLOCK = { .name = "block", .keys = { "run", "" }, .conflict = "ON CONFLICT (run, idx) DO NOTHING",
                                   .id = "id", .where = "id = (SELECT block FROM trial WHERE trial.id = ?1)",
                                   ROWS(trial, BLOCK) };
const struct table TABLE_TRIAL = { .name = "trial", .keys = { "block", "" }, .conflict = "", .id = "id",
                                   .where = "block IN (SELECT id FROM block WHERE run = ?1) ORDER BY \"order\", id",
                                   ROWS(trial, TRIAL) };
const struct table TABLE_STREAM = { .name = "stream", .keys = { "trial", "idx" }, .conflict = "", .id = "id",
                                    .where = "trial = ?1 ORDER BY idx", ROWS(stream, STREAM) };
const struct table TABLE_FIGURE = { .name = "figure", .keys = { "stream", "idx" }, .conflict = "", .id = "idx",
                                    .where = "stream = ?1 ORDER BY idx", ROWS(figure, FIGURE) };
const struct table TABLE_LAP = { .name = "lap", .keys = { "stream", "idx" }, .conflict = "", .id = "idx",
                                 .where = "stream = ?1 ORDER BY idx", ROWS(lap, LAP) };
const struct table TABLE_CLOCK = { .name = "clock", OF_TRIAL, ROWS(clock_fit, CLOCK) };
const struct table TABLE_KERNEL_CLOCK = { .name = "kernel_clock", OF_TRIAL, ROWS(kernel_clock, KERNEL_CLOCK) };
const struct table TABLE_COST = { .name = "cost", OF_TRIAL, ROWS(cost, COST) };
const struct table TABLE_SKEW = { .name = "skew", OF_TRIAL, ROWS(skew, SKEW) };
const struct table TABLE_AROUND = { .name = "around", OF_TRIAL, ROWS(around, AROUND) };
const struct table TABLE_FLAG = { .name = "flag", OF_TRIAL, ROWS(flag, FLAG) };
/* clang-format on */
