/* confinement.h - the part of a machine to which a trial's work is kept: so many CPUs, so much memory.
 *
 * The threads that do the work, and all programs that they start, are bound to the CPUs; the agent's other threads are
 * not. The memory is that of a cgroup (memory_group.h), which only a whole process can be in.
 */
#ifndef TARE_CONFINEMENT_H
#define TARE_CONFINEMENT_H

#include <sched.h>

#include "agent/memory_group.h"
#include "wire/message.h"

struct confinement {
    cpu_set_t cpus;
    char list[MESSAGE_CPUS]; /* the same, as "0-1,3" */
    int64_t bytes;
    struct memory_group group;
};

/* The CPUs for `count` vCPUs: those that `list` gives them one each in turn, "" the first ones that this thread may
 * use. Of fewer than `count` all. Fails where the list is none, or has one that this thread may not use. */
MUST_CHECK bool confinement_cpus(const char *list, uint32_t count, cpu_set_t *cpus, struct err *e);

/* "0-1,3"; false where it does not fit. */
MUST_CHECK bool confinement_list(const cpu_set_t *cpus, char *list, size_t size);

/* And back; false where it is no list. */
MUST_CHECK bool confinement_set(const char *list, cpu_set_t *cpus);

/* Take what `order` asks for and enter its memory. On failure nothing has changed. */
MUST_CHECK bool confinement_begin(const struct message_prepare *order, struct confinement *c, struct err *e);

/* The thread that calls it, and what it will start, keeps to the CPUs. */
MUST_CHECK bool confinement_bind(const struct confinement *c, struct err *e);

/* The process has all of the machine's memory again. Does nothing the second time, nor before confinement_begin
 * where group.lock_fd is -1. */
void confinement_end(struct confinement *c);

#endif
