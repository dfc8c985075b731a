/* record.h - what a lab leaves on disk about itself: text, one "key value" a line.
 *
 * Process ids are as the process saw them that built the lab. An id alone is no proof: it is given
 * anew after its process, so each stands with the moment of its start, and with the boot.
 */
#ifndef TARE_LAB_RECORD_H
#define TARE_LAB_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab/lab.h"

/* root: no user namespace, so that SCHED_FIFO works; user: all inside a user namespace */
#define LAB_WAYS(W) W(ROOT, "root") W(USER, "user")
#define LAB_WAY_ENUM(name, word) LAB_WAY_##name,
enum lab_way { LAB_WAYS(LAB_WAY_ENUM) LAB_WAY_COUNT };

enum { LAB_RECORD_TEXT = 16 * 1024, LAB_BOOT_ID = 40 };

struct lab_process {
    pid_t pid;        /* 0: there is none */
    uint64_t started; /* clock ticks since boot, field 22 of /proc/PID/stat (proc(5)) */
};

struct lab_machine {
    char name[LAB_NAME];
    enum lab_kind kind;
    struct lab_process holder; /* keeps its namespaces open; the switch's is the lab's init, its PID 1 */
    struct lab_process agent;  /* of a host or a peer */
};

struct lab_record {
    char name[LAB_NAME];
    char boot_id[LAB_BOOT_ID];
    enum lab_way way;
    bool stays, shaped, shifted, ipv6;
    int machine_count;
    struct lab_machine machines[LAB_MACHINES_MOST];
};

const char *lab_way_word(enum lab_way way);

/* Pure: the machines of a lab with these nodes, nothing of which runs yet. Refuses names that are none,
 * or come twice, and more nodes than there is room for. */
MUST_CHECK bool lab_record_cast(struct lab_record *record, const struct lab_node *nodes, size_t count, struct err *e);

/* -1 when there is no such machine. */
int lab_record_find(const struct lab_record *record, const char *name);

/* Pure: the record as text, and back. Unknown keys are an error, so are missing ones (but agents),
 * and a text cut short: a record that is not understood must not lead to a signal for a stranger. */
MUST_CHECK bool lab_record_print(const struct lab_record *record, char *text, size_t size, struct err *e);
MUST_CHECK bool lab_record_parse(const char *text, struct lab_record *record, struct err *e);

/* Pure: state and start from the text of /proc/PID/stat; the name in it may hold anything. */
bool lab_stat_parse(const char *stat, char *state, uint64_t *started);

/* "DIR/record"; written whole or not at all. */
MUST_CHECK bool lab_record_write(const char *dir, const struct lab_record *record, struct err *e);
MUST_CHECK bool lab_record_read(const char *dir, struct lab_record *record, struct err *e);

MUST_CHECK bool lab_boot_id(char *text, size_t size, struct err *e);

/* `process` with the moment of its start filled in; fails when it is gone. */
MUST_CHECK bool lab_process_note(pid_t pid, struct lab_process *process, struct err *e);

/* The very process that was noted is there, and no zombie. */
bool lab_process_lives(const struct lab_process *process);

/* The lab's init lives, in this boot. */
bool lab_record_lives(const struct lab_record *record);

#endif
