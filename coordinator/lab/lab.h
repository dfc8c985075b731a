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
 *
 * Two ways to make it, by what this process may do: with CAP_SYS_ADMIN without a user namespace, so
 * that SCHED_FIFO works; else inside a user namespace where the user keeps its own id.
 */
#ifndef TARE_LAB_H
#define TARE_LAB_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"

enum { LAB_NAME = 64, LAB_PATH = 512, LAB_MOST = 64 };
#define LAB_MACHINES(M) M(SWITCH, "switch") M(HOST, "host") M(PEER, "peer") M(COORDINATOR, "coordinator")
#define LAB_MACHINE_ENUM(name, word) LAB_##name,
enum lab_machine { LAB_MACHINES(LAB_MACHINE_ENUM) LAB_MACHINE_COUNT };

struct lab;

struct lab_options {
    const char *name;   /* NULL: one that is free, for a lab that lives as long as its run */
    bool stays;         /* goes on after this process (tare lab up) */
    bool no_shaping;    /* leave the ports at what the machine can do */
    bool no_time_shift; /* all machines keep this one's clocks; else host and peer read hours apart */
    const char *const *host_args, *const *peer_args; /* more arguments for the agents, NULL-terminated; or NULL */
};

/* Build the lab and start its agents (tare-node on 'host', tare-netserver on 'peer', from the
 * directory of this program), each with its own invite. The calling process must have one thread.
 * What the system forbids is named with the setting that would allow it. */
MUST_CHECK bool lab_up(const struct lab_options *options, struct lab **lab, struct err *e);

/* A lab that has a record, alive or dead; NULL as name: the only one that lives, else the only one
 * there is. */
MUST_CHECK bool lab_find(const char *name, struct lab **lab, struct err *e);

/* Its processes are there. A dead one can only be taken down. */
bool lab_is_alive(const struct lab *lab);

/* The agent of host or peer is there; when it has ended, "DIR/MACHINE.log" says why. */
bool lab_agent_is_alive(const struct lab *lab, enum lab_machine machine);

/* A descriptor, the caller's to close, that gets readable when the lab ends; -1: it has ended. */
int lab_watch(const struct lab *lab);

/* End it: every process, namespace and file of it. Also for a lab that is dead. */
MUST_CHECK bool lab_down(struct lab **lab, struct err *e);

/* Forget the handle; a lab that does not stay goes down with its parent process. */
void lab_close(struct lab **lab);

/* The 0700 directory with its keyring, invites and its agents' logs. */
const char *lab_directory(const struct lab *lab);
const char *lab_name(const struct lab *lab);

/* Move this process' network to `machine` (and, for an ordinary user, into the lab's user
 * namespace). The process must have one thread. Its clocks, its view of processes and of files stay
 * as they are. */
MUST_CHECK bool lab_enter(const struct lab *lab, enum lab_machine machine, struct err *e);

/* Start a program on `machine`, inside all of the lab's namespaces (network, processes, /proc,
 * clocks). Its output goes to `log_path`, or to this process' own where that is NULL. `pid` is as
 * this process sees it, a child of it: waitpid gives the program's own exit status, and signals
 * sent to it reach the program. The program ends with the lab and with the calling thread. */
MUST_CHECK bool lab_spawn(const struct lab *lab, enum lab_machine machine, char *const argv[], const char *log_path,
                          pid_t *pid, struct err *e);

/* One line a lab that has a record: name, whether it lives, pid of its init, machines and agents.
 * `count` is how many there are. */
MUST_CHECK bool lab_status(FILE *to, size_t *count, struct err *e);

/* The names of the labs that have a directory, one a line, sorted; for `tare lab down --all`. */
struct lab_names {
    size_t count;
    char names[LAB_MOST][LAB_NAME];
};
MUST_CHECK bool lab_list(struct lab_names *names, struct err *e);

/* tcp://ADDRESS:5670 as the agents dial it. */
const char *lab_endpoint(const struct lab *lab);

/* -1 when there is no such machine. */
int lab_machine_from(const char *word);
const char *lab_machine_word(enum lab_machine machine);

#endif
