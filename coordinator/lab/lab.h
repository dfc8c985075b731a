/* lab.h - the paper's set-up on one machine: host, peer and coordinator, each a network namespace,
 * on a switch whose ports carry 100 Mbit/s.
 *
 *     machine 'switch'       bridge sw0, every port shaped to 100 Mbit/s
 *     machine 'coordinator'  eth0 -> sw0
 *     each host              eth0 -> sw0; bridge br0 holds eth0 and the taps of its guests
 *     each peer              eth0 -> sw0
 *
 * Its hosts and peers are those of a scenario, or one 'host' and one 'peer'.
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

enum { LAB_NAME = 64, LAB_PATH = 512, LAB_MOST = 64, LAB_MACHINES_MOST = 64 };

/* Machines go by number: these two, then the nodes in their order. */
enum { LAB_SWITCH, LAB_COORDINATOR, LAB_FIRST_NODE, LAB_NODES_MOST = LAB_MACHINES_MOST - LAB_FIRST_NODE };

#define LAB_KINDS(K) K(SWITCH, "switch") K(COORDINATOR, "coordinator") K(HOST, "host") K(PEER, "peer")
#define LAB_KIND_ENUM(name, word) LAB_IS_##name,
enum lab_kind { LAB_KINDS(LAB_KIND_ENUM) LAB_KIND_COUNT };

struct lab_node {
    char name[LAB_NAME]; /* of the machine, and what its agent joins as */
    enum lab_kind kind;  /* LAB_IS_HOST or LAB_IS_PEER */
};

struct lab;

struct lab_options {
    const char *name;             /* NULL: one that is free, for a lab that lives as long as its run */
    const struct lab_node *nodes; /* NULL: one 'host' and one 'peer' */
    size_t node_count;
    bool stays;         /* goes on after this process (tare lab up) */
    bool no_shaping;    /* leave the ports at what the machine can do */
    bool no_time_shift; /* all machines keep this one's clocks; else those of the nodes are years apart */
    bool ipv6;          /* the machines have addresses of IPv6, and none of IPv4 */
    const char *const *host_args, *const *peer_args; /* more arguments for the agents, NULL-terminated; or NULL */
};

/* Build the lab and start its agents (tare-node on hosts, tare-netserver on peers, from the directory
 * of this program), each with its own invite. The calling process must have one thread.
 * What the system forbids is named with the setting that would allow it. */
MUST_CHECK bool lab_up(const struct lab_options *options, struct lab **lab, struct err *e);

/* Have the agent of hosts make ready what built-in guests need, out here: a lab has no way to the
 * internet. Seconds the first time. */
MUST_CHECK bool lab_prepare_guests(struct err *e);

/* And what those need that build: about a minute the first time. */
MUST_CHECK bool lab_prepare_builds(struct err *e);

/* Whether this machine is known to have no KVM that works: it has none, or its agents have found that out. */
bool lab_has_no_kvm(void);

/* A lab that has a record, alive or dead; NULL as name: the only one that lives, else the only one
 * there is. */
MUST_CHECK bool lab_find(const char *name, struct lab **lab, struct err *e);

/* Its processes are there. A dead one can only be taken down. */
bool lab_is_alive(const struct lab *lab);

/* A descriptor, the caller's to close, that gets readable when the lab ends; -1: it has ended. */
int lab_watch(const struct lab *lab);

/* End it: every process, namespace and file of it. Also for a lab that is dead. */
MUST_CHECK bool lab_down(struct lab **lab, struct err *e);

/* Forget the handle; a lab that does not stay goes down with its parent process. */
void lab_close(struct lab **lab);

/* The address of the lab's n-th guest, from 0, with the length of its prefix. `lab` is a struct lab. */
void lab_guest_address(const void *lab, size_t n, char *text, size_t size);

/* Have the ports carry what the machine can do (`lifts`), or what they carried before; nothing happens where they
 * do already. What lifted it is to put it back: where it cannot (kill -9), the next run in the lab does. `lab`
 * is a struct lab. */
MUST_CHECK bool lab_lift_shaping(const void *lab, bool lifts, struct err *e);

/* The 0700 directory with its keyring, invites and its agents' logs. */
const char *lab_directory(const struct lab *lab);
const char *lab_name(const struct lab *lab);

/* Move this process' network to `machine` (and, for an ordinary user, into the lab's user
 * namespace). The process must have one thread. Its clocks, its view of processes and of files stay
 * as they are. */
MUST_CHECK bool lab_enter(const struct lab *lab, int machine, struct err *e);

/* Start a program on `machine`, inside all of the lab's namespaces (network, processes, /proc,
 * clocks). Its output goes to `log_path`, or to this process' own where that is NULL. `pid` is as
 * this process sees it, a child of it: waitpid gives the program's own exit status, and signals
 * sent to it reach the program. The program ends with the lab and with the calling thread. */
MUST_CHECK bool lab_spawn(const struct lab *lab, int machine, char *const argv[], const char *log_path, pid_t *pid,
                          struct err *e);

/* Name on stderr each of the lab's agents that has ended, with what it said last. */
void lab_tell_ended(const struct lab *lab);

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

/* The machine of that name. */
MUST_CHECK bool lab_machine_find(const struct lab *lab, const char *name, int *machine, struct err *e);

/* One `host` and one `peer`: what a lab has where nothing else is asked for. */
extern const struct lab_node LAB_PLAIN_NODES[2];

#endif
