/* lab.h - the paper's set-up on one machine: host, peer and coordinator, each a network namespace,
 * on a switch whose ports carry 100 Mbit/s.
 *
 *     machine 'switch'       bridge sw0, every port shaped to 100 Mbit/s
 *     machine 'host'         eth0 -> sw0; bridge br0 holds eth0 and, later, the guest's tap
 *     machine 'peer'         eth0 -> sw0
 *     machine 'coordinator'  eth0 -> sw0
 *
 * All of it lives in a PID namespace whose init dies with its parent, so nothing survives; what a
 * dead lab left on disk (its directory) is cleared by the next lab_up or by `tare lab down`.
 */
#ifndef TARE_LAB_H
#define TARE_LAB_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"

enum { LAB_NAME = 64 };
#define LAB_MACHINES(M) M(SWITCH, "switch") M(HOST, "host") M(PEER, "peer") M(COORDINATOR, "coordinator")
#define LAB_MACHINE_ENUM(name, word) LAB_##name,
enum lab_machine { LAB_MACHINES(LAB_MACHINE_ENUM) LAB_MACHINE_COUNT };

struct lab;

struct lab_options {
    const char *name;   /* NULL: one that is free, for a lab that lives as long as its run */
    bool stays;         /* goes on after this process (tare lab up) */
    bool no_shaping;    /* leave the ports at what the machine can do */
    bool no_time_shift; /* all machines keep this one's clocks; else each reads hours apart */
};

/* Build the lab and start its agents (tare-node on 'host', tare-netserver on 'peer', from the
 * directory of this program), each with its own invite. The calling process must have one thread.
 * What the system forbids is named with the setting that would allow it. */
MUST_CHECK bool lab_up(const struct lab_options *options, struct lab **lab, struct err *e);

/* A lab that is up already; NULL as name: the only one there is. */
MUST_CHECK bool lab_find(const char *name, struct lab **lab, struct err *e);

/* End it: every process, namespace and file of it. Also for a lab that is dead. */
MUST_CHECK bool lab_down(struct lab **lab, struct err *e);

/* Forget the handle; a lab that does not stay goes down with its parent process. */
void lab_close(struct lab **lab);

/* The 0700 directory with its keyring, invites and its agents' logs. */
const char *lab_directory(const struct lab *lab);
const char *lab_name(const struct lab *lab);

/* Move this process' network to `machine` (and, for an ordinary user, into the lab's user
 * namespace). The process must have one thread. */
MUST_CHECK bool lab_enter(const struct lab *lab, enum lab_machine machine, struct err *e);

/* Start a program on `machine`, inside the lab's namespaces; it ends with the lab. Its output goes
 * to `log_path`, or to this process' own where that is NULL. `pid` is as this process sees it. */
MUST_CHECK bool lab_spawn(const struct lab *lab, enum lab_machine machine, char *const argv[], const char *log_path,
                          pid_t *pid, struct err *e);

/* One line a lab that has a record: name, machines, pid of its init, whether it lives. */
MUST_CHECK bool lab_status(FILE *to, struct err *e);

/* tcp://ADDRESS:5670 as the agents dial it. */
const char *lab_endpoint(const struct lab *lab);

/* -1 when there is no such machine. */
int lab_machine_from(const char *word);

#endif
