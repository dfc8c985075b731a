/* report.h - how a forked process tells the one that asked for it that all is well, or why not.
 *
 * A socket, not a pipe: with each message the kernel gives the sender's pid as the receiver sees it,
 * which a process in another PID namespace cannot know.
 */
#ifndef TARE_LAB_REPORT_H
#define TARE_LAB_REPORT_H

#include <sys/types.h>

#include "lab/lab.h"

struct report {
    bool ok;
    int machine;
    struct err err;
};

/* `ends[0]` receives; it sees the end when all copies of `ends[1]` are closed. */
MUST_CHECK bool report_open(int ends[2], struct err *e);

/* All is well on `machine` where `e` is NULL. */
void report_send(int fd, int machine, const struct err *e);

/* The next one and its sender; false at the end. */
MUST_CHECK bool report_receive(int fd, struct report *report, pid_t *pid);

#endif
