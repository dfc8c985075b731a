/* doctor.h - what on this machine is in the way of tare, and the command that mends it.
 *
 * Every check stands in one table (checks.h). A check reads files below a root and asks the kernel
 * through `struct doctor_tries`, so that tests bring machines made of files and answers of their own.
 */
#ifndef TARE_DOCTOR_H
#define TARE_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "doctor/tries.h"

/* Who needs what a check looks at; a set. A coordinator may hold a lab with both agents on this
 * machine, so it needs nearly everything. */
enum doctor_who { DOCTOR_COORDINATOR = 1, DOCTOR_NODE = 2, DOCTOR_NETSERVER = 4 };

/* OK: nothing to do. WARN: tare works, but a figure suffers or a part of it is refused. FAIL: it does
 * not work, or the figure would be wrong. */
enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_VERDICTS };

/* The place that is looked at. Texts are borrowed; "" where there is none. */
struct doctor_place {
    const char *root; /* put in front of every path: "" for this machine */
    const struct doctor_tries *tries;
    enum doctor_who who;
    bool is_root;           /* remedies go without sudo */
    unsigned uid;           /* whom keys must belong to */
    unsigned port;          /* the coordinator's, TCP and UDP */
    const char *keys;       /* the coordinator's directory of keys */
    const char *invite;     /* the agent's file */
    const char *endpoint;   /* tcp://ADDRESS:PORT in it */
    const char *bad_invite; /* why it could not be read */
    const char *path;       /* $PATH */
    const char *cache;      /* where this user keeps what is made once, cache_dir.h */
};

struct doctor_finding {
    const struct doctor_check *check;
    enum doctor_verdict verdict;
    char subject[24]; /* of several alike: "eth0" */
    char text[200];   /* what was found */
    char remedy[240]; /* a command, or what to do; "" when nothing is to be done */
};

enum { DOCTOR_FINDINGS_MAX = 96 };

struct doctor_report {
    struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
    size_t count;
    size_t left_out; /* that had no room */
};

struct doctor_check {
    const char *id;   /* stable */
    const char *what; /* is looked at */
    unsigned who;     /* set of enum doctor_who */
    void (*look)(const struct doctor_place *place, struct doctor_report *report);
};

/* All checks, in the order in which they are made. */
extern const struct doctor_check DOCTOR_CHECKS[];
extern const size_t DOCTOR_CHECK_COUNT;

/* Make every check that `place->who` needs; takes about 0.1 s, and up to 3 s more for a coordinator
 * that does not answer. */
void doctor_examine(const struct doctor_place *place, struct doctor_report *report);

/* How many findings have this verdict. */
size_t doctor_count(const struct doctor_report *report, enum doctor_verdict verdict);

const char *doctor_verdict_word(enum doctor_verdict verdict);
const char *doctor_who_word(enum doctor_who who);

#endif
