/* report_json.h - a run for programs. The keys are stable: more may come, none goes or changes. */
#ifndef TARE_REPORT_JSON_H
#define TARE_REPORT_JSON_H

#include <stdio.h>

#include "base/err.h"
#include "result/model.h"

/* One JSON object and a newline; schema 1. What is not known is null; every number is finite. */
MUST_CHECK bool report_json(const struct run *run, FILE *out, struct err *e);

#endif
