/* micro_probe.h - one test of the workload `micro`: how long a single operation takes, again and again. */
#ifndef TARE_MICRO_PROBE_H
#define TARE_MICRO_PROBE_H

#include <stdint.h>

#include "base/err.h"
#include "catalogue/micro_test.h"

struct micro_probe {
    /* What a sample needs; `directory` is where a file can be made. *state is the probe's own. */
    bool (*make)(const char *directory, void **state, struct err *e);
    /* One sample: ns that `batch` operations took together. What is made ready for them is not in it. */
    bool (*sample)(void *state, int batch, int64_t *ns, struct err *e);
    /* Also of what make left half done: its state, or NULL. */
    void (*release)(void *state);
    /* What has to be set for the thread that takes the samples, by itself, and set back; NULL: nothing. */
    void (*enter)(void *state);
    void (*leave)(void *state);
};

/* By enum micro_test_id. */
extern const struct micro_probe *const MICRO_PROBES[MICRO_TEST_COUNT];

extern const struct micro_probe MICRO_PROBE_SYSCALL, MICRO_PROBE_PAGE_FAULT, MICRO_PROBE_MMAP, MICRO_PROBE_FORK_EXEC,
    MICRO_PROBE_PIPE_WAKE, MICRO_PROBE_POINTER_CHASE, MICRO_PROBE_TIMER, MICRO_PROBE_FSYNC;

#endif
