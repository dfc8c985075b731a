/* cage.h - a program and all that it starts, in namespaces of their own: held until it is let go, timed as
 * a whole, and ended as a whole.
 *
 * Where its order names the library for that (gate/gate.h) the program is held in front of its `main`, executed and
 * linked; else, and where that cannot be, in front of its execve(2).
 *
 * A supervisor is the first process of a PID namespace, so that nothing outlives it, whatever it does; it dies
 * with the thread that opened the cage. It has the program's directories put where they shall be seen, holds the
 * program, lets it go, and waits for it: real time from where it was held until it has ended, user and system
 * time of it and all that it waited for, by wait4(2), as time(1) has them. Where the system gives no namespaces
 * (cage_can_be_apart) there is a process group instead, and what leaves that is not ended with it.
 */
#ifndef TARE_CAGE_H
#define TARE_CAGE_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "gate/gate.h"

enum { CAGE_BINDS_MAX = 8, CAGE_UNCHANGED = -1 };

/* A directory or file that is seen in another place. */
struct cage_bind {
    char from[PATH_MAX], to[PATH_MAX];
    bool is_read_only;
};

struct cage_order {
    const char *const *argv, *const *envp; /* argv[0]: a path, or searched in /usr/local/bin, /usr/bin and /bin */
    const char *directory;                 /* to run in, as it is seen inside */
    const char *root;                      /* what is "/" inside; "" for the machine's own */
    const struct cage_bind *binds;         /* put up in this order; `to` is a path of the machine's */
    size_t bind_count;
    uid_t user;            /* and group that it becomes; CAGE_UNCHANGED for none */
    int output;            /* for its stdout and stderr */
    bool is_apart;         /* in namespaces: without them there are no binds and no root */
    const char *gate;      /* the library's place; NULL or "" to hold it in front of its execve(2) */
    int64_t gate_until_ns; /* MONOTONIC: held in front of `main` no longer */
};

struct cage_result {
    int64_t entered_ns, ended_ns; /* RAW: in front of its `main` or its execve(2), and when it was waited for */
    int64_t user_ns, sys_ns, peak_bytes;
    int status;        /* as of waitpid(2) */
    int64_t opened_ns; /* RAW, of one held in front of `main`: the gate opened; else 0 */
    const char *how;   /* ... and how it waited: "fifo", "spin", "sleep"; else NULL */
};

struct cage;

/* Whether this process may make namespaces. */
bool cage_can_be_apart(void);

/* The program is there, and held. Whoever closed the cage, or ended, has let go of nothing. */
MUST_CHECK bool cage_open(const struct cage_order *order, struct cage **cage, struct err *e);

/* Wait until it stands where it is held; "" then in `why` for in front of `main`, else why it is in front of its
 * execve(2). Fails where it does neither within 10 s, and may have run without being let go; or when `cancel_fd`
 * becomes readable (-1: never). */
MUST_CHECK bool cage_settle(struct cage *cage, int cancel_fd, char *why, size_t size, struct err *e);

/* For one that is held in front of `main`: it goes by itself at the instant. False for another, which is to be
 * released then. */
bool cage_arm(struct cage *cage, const struct gate_instant *instant);

/* Let it go, now. */
void cage_release(struct cage *cage);

/* Readable when all is over. */
int cage_fd(const struct cage *cage);

/* What it has used, once cage_fd is readable. Fails where it could not be started, with why. */
MUST_CHECK bool cage_result(struct cage *cage, struct cage_result *result, struct err *e);

/* End all of it at once; may be called from another thread. */
void cage_kill(struct cage *cage);

/* Kills what is left, and forgets. NULL is fine. */
void cage_close(struct cage **cage);

#endif
