/* forbidden.h - why the system refused a namespace, in words that say what to do about it. */
#ifndef TARE_LAB_FORBIDDEN_H
#define TARE_LAB_FORBIDDEN_H

#include "lab/record.h"

/* Fill `e` for a refused `what` ("a network namespace") and return false. Reads the settings of
 * this system that refuse such things. */
bool lab_forbidden(struct err *e, int errno_value, const char *what, enum lab_way way);

#endif
