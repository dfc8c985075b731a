/* method.h - reads how a scenario's trials are repeated, ordered and compared. */
#ifndef TARE_METHOD_H
#define TARE_METHOD_H

#include "scenario/reader.h"

/* The keys of a scenario that this reads. */
#define METHOD_KEYS "repeats|order|seed|compare"

/* `repeats`, `order` and `seed`: before the steps, whose time depends on them. */
void method_read_repeats(const struct reader *r, const struct yaml_value *root);

/* `compare`, and whether there is what `until` asks for: when nodes and steps are known. */
void method_read_compare(const struct reader *r, const struct yaml_value *root);

#endif
