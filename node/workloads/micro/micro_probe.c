#include "micro_probe.h"

#define MICRO_PROBE_ROW(NAME, ...) [MICRO_##NAME] = &MICRO_PROBE_##NAME,
const struct micro_probe *const MICRO_PROBES[MICRO_TEST_COUNT] = { MICRO_TESTS(MICRO_PROBE_ROW) };
