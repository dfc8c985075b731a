/* sockopt.h - settings of a socket that several files of this folder make. */
#ifndef TARE_SOCKOPT_H
#define TARE_SOCKOPT_H

#include "base/err.h"

/* setsockopt(2) of a number; `name` is for the error. */
MUST_CHECK bool sockopt_int(int fd, int level, int option, int value, const char *name, struct err *e);

/* SO_RCVTIMEO or SO_SNDTIMEO; `ms` from 1 on. */
MUST_CHECK bool sockopt_timeout(int fd, int option, int ms, struct err *e);

/* Calls on it wait from now on. */
MUST_CHECK bool sockopt_blocking(int fd, struct err *e);

#endif
