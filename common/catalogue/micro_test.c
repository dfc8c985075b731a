#include "micro_test.h"

#define MICRO_TEST_ROW(NAME, ...) [MICRO_##NAME] = { __VA_ARGS__ },
const struct micro_test MICRO_TEST_TABLE[MICRO_TEST_COUNT] = { MICRO_TESTS(MICRO_TEST_ROW) };
