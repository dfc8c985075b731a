/* gate_page.h - what an agent and a program that it holds in front of `main` share: one page, passed on by descriptor.
 *
 * The library in the program (gate_library.c) and the agent's side (gate.c) are of one build: nobody else reads it.
 */
#ifndef TARE_GATE_PAGE_H
#define TARE_GATE_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#define GATE_LIBRARY "tare-gate.so"
#define GATE_VARIABLE "TARE_GATE" /* the page's descriptor; without it the library does nothing */
#define GATE_PRELOAD "LD_PRELOAD" /* the library first, then what was there */

enum {
    GATE_MAGIC = 0x65746167,
    GATE_GAVE_UP = 125, /* exit code of a program that nobody lets go */
    GATE_UNFIT = 64,    /* bytes of the reason */
};

enum gate_state {
    GATE_NEW,    /* nothing has been heard of it yet */
    GATE_BARRED, /* it cannot be held there: `unfit` says why */
    GATE_HELD,
    GATE_ARMED, /* knows the instant */
    GATE_PASSED,
};

/* How it waited, as start_gate has it. */
enum gate_how { GATE_SLEEP, GATE_SPIN, GATE_FIFO };

struct gate_page {
    uint32_t magic, size;
    _Atomic uint32_t state; /* enum gate_state; a futex, on which who is held waits */
    _Atomic bool cancelled;

    /* The agent's, before the program is there: */
    int32_t library_fd;   /* to be closed by the library */
    int64_t until_ns;     /* MONOTONIC: held no longer */
    struct rlimit rtprio; /* as it shall be, once FIFO has been taken */
    char unfit[GATE_UNFIT];
    /* ... with ARM: */
    int64_t at_ns; /* RAW */
    int32_t slot;
    bool may_spin;
    int64_t drift_ppb, step_ns; /* of the agent's clock, in a build for tests (clock.h) */

    /* The library's: */
    uint32_t how;                  /* enum gate_how */
    int64_t opened_ns, entered_ns; /* RAW: it opened; the last thing in front of `main` */
    int64_t user_ns, sys_ns;       /* CPU time that lies before that */
};

#endif
