/* report_json.h - a run for programs. The keys are stable: more may come, none goes or changes. */
#ifndef TARE_REPORT_JSON_H
#define TARE_REPORT_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "base/err.h"
#include "result/model.h"

/* One JSON object and a newline; schema 1. What is not known is null; every number is finite. */
MUST_CHECK bool report_json(const struct run *run, FILE *out, struct err *e);

/* One trial, as it stands in the "trials" of its run; NULL when memory is out. */
json_t *report_json_trial(const struct run *run, const struct trial *trial);

#endif
