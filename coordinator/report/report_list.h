/* report_list.h - the runs of an archive, for people and for programs. */
#ifndef TARE_REPORT_LIST_H
#define TARE_REPORT_LIST_H

#include <stdio.h>

#include "base/err.h"
#include "result/model.h"

struct list_entry {
    const struct run *run; /* without its trials */
    int trials;
};

/* A line a run, in the order of `entries`. */
void report_list_table(const struct list_entry *entries, size_t count, FILE *out, int width, bool color);

/* {"runs": [{"run", "no", "scenario", "status", "started", ...}]} */
MUST_CHECK bool report_list_json(const struct list_entry *entries, size_t count, FILE *out, struct err *e);

#endif
