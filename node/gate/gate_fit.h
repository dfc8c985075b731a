/* gate_fit.h - whether a program can be held in front of its `main` by a preloaded library. */
#ifndef TARE_GATE_FIT_H
#define TARE_GATE_FIT_H

#include <limits.h>

#include "base/err.h"

/* What a program must be like: as this very one is. */
struct gate_fit {
    unsigned char ident[6]; /* of ELF: its magic, class and byte order */
    unsigned machine;
    char linker[PATH_MAX];
};

MUST_CHECK bool gate_fit_own(struct gate_fit *fit, struct err *e);

/* NULL where it can, else why not: "it is static". Only system calls: it is asked between fork(2) and execve(2). */
const char *gate_fit_judge(const struct gate_fit *own, const char *program);

#endif
