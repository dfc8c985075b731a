/* label.h - whether two sides are like for like, and by what they differ: from their fingerprints, by
 * one table that gives each fact its class.
 *
 *   must match   a difference is one of the machines, not of what is compared
 *   matters      the same for some workloads: what the page size is to a compiler says nothing of a wire
 *   recorded     kept in the fingerprint, and never in a label
 *
 * Some facts are what virtualization is made of (the NIC's driver, its queues): they count between two
 * hosts or two guests, not between a guest and a host. A fact that neither side tells is no difference;
 * one that must match and only one side tells is named.
 */
#ifndef TARE_LABEL_H
#define TARE_LABEL_H

#include "result/facts.h"

enum { LABEL_DIFFERENCES_MAX = 32, LABEL_WORD = 640 };

#define FACT_CLASSES(X)              \
    X(FACT_MUST_MATCH, "must match") \
    X(FACT_MATTERS, "matters")       \
    X(FACT_RECORDED, "recorded")

struct difference {
    const char *fact;        /* its key in the fingerprint; those of the device to the peer: "link.mtu" */
    const char *words;       /* ... for people */
    const char *class;       /* the word of its class */
    char base[96], with[96]; /* as they are shown */
};

struct label {
    bool emulation;       /* a guest without the help of its CPU: never the cost of KVM */
    bool nested;          /* the guest's host is a guest itself */
    bool shared_machine;  /* nodes of the run read the same /proc/stat */
    bool contention;      /* both at the same time: how they share, not what one costs */
    bool one_boot;        /* of the guest: all trials were made in one and the same */
    char guest_state[16]; /* of the guest while its host was measured; "" when off or not known */
    char confined[440];   /* how the host was made comparable, for people (label_confined.h); "" for not at all */
    struct difference differences[LABEL_DIFFERENCES_MAX];
    size_t count;
};

/* A side of a comparison. All borrowed. */
struct label_side {
    const struct run *run;
    const struct facts *facts;
    const char *node, *peer; /* the peer: "" without */
};

/* Everything but `contention`, `guest_state` and `confined`, which are of the trials. `workload`: what they ran. */
void label_of(const struct label_side *base, const struct label_side *with, const char *workload, struct label *label);

/* The options of a step that differ between two runs, as JSON objects; part of the label's differences. */
void label_add_options(struct label *label, const char *base, const char *with);

/* "like for like", "emulation, shared machine, 2 differences"; LABEL_WORD is room for any */
const char *label_word(const struct label *label, char *text, size_t size);

/* The n-th fact of the table: key, words and class; false past its end. For tests and documents. */
bool label_fact(size_t n, const char **key, const char **words, const char **class);

#endif
