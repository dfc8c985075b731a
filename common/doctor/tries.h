/* tries.h - what only the kernel can answer: each is tried, in a child where it would leave traces. */
#ifndef TARE_DOCTOR_TRIES_H
#define TARE_DOCTOR_TRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "stamp/stamp_kind.h"

/* Each gives 0 or the errno of the refusal. */
struct doctor_tries {
    int (*bind_port)(int socket_type, unsigned port); /* as the coordinator does, all addresses */
    int (*udp_echo)(void);                            /* a datagram over loopback and back */
    int (*reach)(const char *host, const char *port); /* TCP within 3 s; ENOENT: no such name */
    int (*fifo)(int priority);                        /* SCHED_FIFO */
    int (*late)(int64_t *late_ns);                    /* median lateness of a sleep with the least slack */
    int (*user_namespace)(void);
    int (*open_device)(const char *path);
    int (*connect_socket)(const char *path);                 /* of this machine, AF_UNIX */
    int (*shape)(const char *tc);                            /* a tbf qdisc; EOPNOTSUPP: the kernel has none */
    int (*descriptors)(uint64_t *soft);                      /* how many files may be open */
    int (*stamps)(enum stamp_kind *kind);                    /* the kernel's, of a datagram over loopback */
    int (*port_stamps)(const char *port, bool *what_leaves); /* what its driver says that it can do */
};

/* This machine's own answers. */
extern const struct doctor_tries DOCTOR_TRIES;

#endif
