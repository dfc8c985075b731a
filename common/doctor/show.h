/* show.h - a doctor's findings for people and for programs, and the options that all three programs have. */
#ifndef TARE_DOCTOR_SHOW_H
#define TARE_DOCTOR_SHOW_H

#include <stdio.h>

#include "base/err.h"
#include "doctor/doctor.h"

/* A line a finding, the remedy below it, a sum at the end. */
void doctor_show_table(const struct doctor_place *place, const struct doctor_report *report, bool color, FILE *out);

/* One object and a newline; schema 1: the keys are stable, more may come. */
void doctor_show_json(const struct doctor_place *place, const struct doctor_report *report, FILE *out);

/* Examine this machine for `place->who`, whose root, tries, uid and path are filled in here, and show
 * it on stdout. `format` is "table" or "json", `color` "auto", "always" or "never". Gives the
 * program's exit code: 0 when nothing fails, ERR_USAGE when something does or an option is wrong. */
MUST_CHECK bool doctor_show(struct doctor_place *place, const char *format, const char *color, int *exit_code,
                            struct err *e);

#endif
