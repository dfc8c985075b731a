/* keys.h - the field tables of a scenario's parts, each defined where it is read, for those who explain them. */
#ifndef TARE_SCENARIO_KEYS_H
#define TARE_SCENARIO_KEYS_H

#include "schema/schema.h"

extern const struct schema SCENARIO_HEAD;    /* of the file: its name */
extern const struct schema SCENARIO_START;   /* start: */
extern const struct schema SCENARIO_ON_BAD;  /* on_bad: {...} */
extern const struct schema SCENARIO_LIMITS;  /* limits: */
extern const struct schema SCENARIO_REPEATS; /* repeats: N */
extern const struct schema SCENARIO_UNTIL;   /* repeats: {...} */
extern const struct schema SCENARIO_ORDER;   /* order and seed */
extern const struct schema SCENARIO_NODE;    /* each of nodes: */
extern const struct schema SCENARIO_LIFE;    /* what a guest does, and when it is started */
extern const struct schema SCENARIO_STEP;    /* each of steps:, beside its workload's options */

#endif
