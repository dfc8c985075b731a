/* gate.h - a program of others, executed and linked beforehand and held in front of its `main` until the instant.
 *
 * What execve(2) and the dynamic linker take, 0.4 to 2.6 ms, is done before. The program is held by a small library of
 * ours, GATE_LIBRARY, in LD_PRELOAD, which waits as start_gate.h does and says when it let go. That wants a dynamic
 * program that is neither setuid nor a script; another is barred, with why, and its caller executes it at the
 * instant. Whoever is held ends by itself when its parent does, when it is cancelled, and when its time is over.
 *
 *     agent          gate_new                                gate_state ... gate_arm ...    gate_passage
 *     its child                 gate_allow_fifo, gate_enter, execve
 */
#ifndef TARE_GATE_H
#define TARE_GATE_H

#include "base/err.h"
#include "gate/gate_page.h"

struct gate;

struct gate_instant {
    int64_t at_ns; /* RAW, of this machine; one that has passed lets go at once */
    bool may_spin; /* and take SCHED_FIFO */
    int slot;      /* which of its CPUs (start_gate.h) */
};

/* How it went through. */
struct gate_passage {
    int64_t opened_ns, entered_ns; /* RAW: at or after the instant; and the last thing in front of `main` */
    int64_t user_ns, sys_ns;       /* CPU time of the program until then: of its execution, and of the wait */
    const char *how;               /* "fifo", "spin", "sleep" */
};

/* For one program with the environment `envp`, whose texts are borrowed as long as the gate is there. `library` is
 * GATE_LIBRARY's place; held until `until_ns` (MONOTONIC) at most. Fails where no program here can be held. */
MUST_CHECK bool gate_new(const char *library, const char *const *envp, int64_t until_ns, struct gate **gate,
                         struct err *e);
void gate_destroy(struct gate **gate);

/* ---- in the child, up to its execve(2): nothing here allocates ---- */

/* While it has the right to: the program may have FIFO for the wait, whoever it becomes and wherever it goes. */
void gate_allow_fifo(struct gate *gate);

/* Before `path` is executed with gate_environment: false where it is barred, and is executed without. */
MUST_CHECK bool gate_enter(struct gate *gate, const char *path);
char *const *gate_environment(const struct gate *gate);

/* ---- in the agent ---- */

enum gate_state gate_state(const struct gate *gate);

/* Of one that is GATE_BARRED: "it is static". */
const char *gate_why(const struct gate *gate);

void gate_arm(struct gate *gate, const struct gate_instant *instant);
void gate_cancel(struct gate *gate);

/* False where it has not been passed, or what the program left there makes no sense. */
MUST_CHECK bool gate_passage(const struct gate *gate, struct gate_passage *passage);

#endif
