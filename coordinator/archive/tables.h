/* tables.h - the model's structs as tables of schema.sql. */
#ifndef TARE_TABLES_H
#define TARE_TABLES_H

#include "archive/row.h"

extern const struct table TABLE_RUN;   /* ?1: its number; 0: all, oldest first */
extern const struct table TABLE_OWNER; /* of runs that are said to be running; ?1 likewise */
extern const struct table TABLE_NODE;
extern const struct table TABLE_STEP;
extern const struct table TABLE_BLOCK; /* a trial's place in the plan: step, round and block of struct trial */
extern const struct table TABLE_TRIAL; /* the rest of struct trial; ?1: the run */
extern const struct table TABLE_STREAM;
extern const struct table TABLE_FIGURE;
extern const struct table TABLE_LAP;
extern const struct table TABLE_CLOCK;
extern const struct table TABLE_KERNEL_CLOCK;
extern const struct table TABLE_COST;
extern const struct table TABLE_SKEW;
extern const struct table TABLE_AROUND;
extern const struct table TABLE_FLAG;

#endif
