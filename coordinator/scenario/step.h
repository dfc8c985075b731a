/* step.h - the steps of a scenario, from its tree. */
#ifndef TARE_STEP_H
#define TARE_STEP_H

#include "scenario/reader.h"

/* Read the list `value` into the scenario; its nodes must have been read. */
void steps_read(const struct reader *r, const struct yaml_value *value);

#endif
