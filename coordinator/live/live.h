/* live.h - what a person or program sees while a run goes on. One header; the sinks are chosen once.
 *
 *     tty     finished lines scroll and stay, below them one block is redrawn
 *     plain   a line a second and one a trial, for a pipe, a file or a dumb terminal
 *     jsonl   an object a line, for programs: docs/live-jsonl.md
 *     none    warnings and errors only
 *
 * Everything goes to stderr; the result of a run goes to stdout when it is over. A reader that is
 * slow or gone never slows the run down: rates are left out, results are not. While one is open the
 * lines of base/log.h go through it, too. One at a time, all calls from one thread.
 */
#ifndef TARE_LIVE_H
#define TARE_LIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/units.h"
#include "live/tap.h"
#include "result/model.h"

#define LIVE_KINDS(K) \
    K(LIVE_AUTO, "auto") K(LIVE_TTY, "tty") K(LIVE_PLAIN, "plain") K(LIVE_JSONL, "jsonl") K(LIVE_NONE, "none")
#define LIVE_KIND_ENUM(name, word) name,
enum live_kind { LIVE_KINDS(LIVE_KIND_ENUM) LIVE_KIND_COUNT };

/* "auto|tty|...", as a table of options (command.h) wants it. */
#define LIVE_KIND_WORD(name, word) "|" word
#define LIVE_WORDS (&LIVE_KINDS(LIVE_KIND_WORD)[1])

/* The kind that `word` names. */
MUST_CHECK bool live_kind_from(const char *word, enum live_kind *kind, struct err *e);

/* LIVE_AUTO on `fd`: tty on a terminal that can move its cursor ($TERM), else plain; others stay. */
enum live_kind live_choose(enum live_kind kind, int fd);

struct live_node {
    const char *name, *program, *version, *address;
};

/* A flow of the trial, and what it does at the moment. */
struct live_rate {
    const char *node, *peer;
    const char *direction; /* as the model's streams have it: "send", "receive", "ask" */
    bool is_outward;       /* the node sends or asks */
    const char *unit;      /* of the rates: "bit/s", "1/s" */
    bool is_known;
    double rate;            /* over the last second */
    double last_rate;       /* over the time since the last call */
    int64_t clock_bound_ns; /* the node's clock is known within +- this; -1: not yet */
    const char *stamps;     /* where that comes from (stamp_kind.h); "" while nothing has come */
    double host_cpus;       /* that a guest's domain used of its host in the last second; 0: nothing is known */
};

struct live_step {
    const char *name;
    int round, rounds; /* from 0 */
    int trial, trials; /* from 0; of the whole run */
    int attempt;
    int64_t warmup_ns, length_ns, overhead_ns; /* of this trial, the last beside its own times */
    int64_t left_ns;                           /* all trials after this one */
};

/* How long all of a run takes. */
struct live_expected {
    struct span_ns left;
    int64_t like_no; /* an earlier run that says so; 0: it is an estimate */
};

struct live;

/* `fd` is borrowed. Starts a thread. */
MUST_CHECK bool live_open(enum live_kind kind, int fd, struct live **live, struct err *e);

/* Waits for the reader at most one second. */
void live_close(struct live **live);

/* Somebody else reads along from now on, in plain lines, whatever the kind; and nobody does. */
MUST_CHECK bool live_set_tap(struct live *live, const struct live_tap *tap, struct err *e);
void live_clear_tap(struct live *live);

/* One line of news. */
void live_note(struct live *live, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A node has joined. */
void live_node(struct live *live, const struct live_node *node);

/* The run begins: `run` has its steps and nodes, and stays where it is until live_end. */
void live_run(struct live *live, const struct run *run, int trials, const struct live_expected *expected);

/* A trial is being prepared: `verdict` of its start comes with live_trial. */
void live_begin(struct live *live, const struct live_step *step);

/* What the flows do `at_ns` after T, negative before it. In each trial the same flows in the same
 * order; several times a second. */
void live_rates(struct live *live, int64_t at_ns, const struct live_rate *rates, size_t count);

/* A trial is over and in the archive. `left_ns`: those that are left. */
void live_trial(struct live *live, const struct live_step *step, const struct trial *trial, int64_t left_ns);

/* It is over. `status` is "complete", "partial" or, when it never began, "". `exit_code` and
 * `error` ("" without) are the program's. */
void live_end(struct live *live, const char *status, int exit_code, const char *error);

#endif
