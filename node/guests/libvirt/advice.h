/* advice.h - what libvirt says, and what to do about it. */
#ifndef TARE_ADVICE_H
#define TARE_ADVICE_H

#include "base/err.h"

/* Fill `e` from libvirt's last error of this thread: "WHAT: its words: advice", and return false. Without
 * WHAT where it is NULL. */
bool advice_fail(struct err *e, const char *what);

/* Pure: the advice for such words, NULL where none is known. */
const char *advice_for(const char *words);

/* Pure: of what libvirt says of a QEMU that ended, QEMU's own words. */
const char *advice_core(const char *words);

#endif
