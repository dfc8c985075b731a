/* limits.h - what limits a figure: the ceilings that were measured beside it, and how near it came.
 *
 *   wire          the payload that the narrowest link of its way carries (wire.h), against what all
 *                 streams of the trial sent through that link
 *   device        what the node measured of its device before the start, or the time that was waited for it
 *   cpu           the node's CPUs: of its threads, or all that it has, what was stolen with them
 *   peer          the same of the other end
 *   memory-cache  the data's path says that it never left memory: what the node measured of that
 *
 * A ratio of 1.00 on a wire that is full says nothing about the nodes. Pure.
 */
#ifndef TARE_LIMITS_H
#define TARE_LIMITS_H

#include "result/wire.h"

struct limit {
    bool is_known;
    double value, ceiling; /* in `unit`: the load, and what there is room for */
    char unit[16];         /* "bit/s", "CPUs", "B/s" */
    char what[96];         /* "host's eth0, shaped to 100 Mbit/s" */
};

/* By enum limited_by; LIMIT_UNKNOWN has none. */
struct limits {
    struct limit of[LIMITED_BY_COUNT];
};

/* The ceilings of each stream of a trial, into as many `limits`; those of the witnesses stay empty. */
MUST_CHECK bool limits_of(const struct run *run, const struct facts *facts, const struct trial *trial,
                          struct limits *limits, struct err *e);

/* The ceilings of a figure of the workload file_io, which are its own, over those that its stream was given. Its path
 * is the figure's. */
void limits_of_file(const struct stream *stream, const struct figure *figure, int threads, struct limits *limits);

/* How much of the ceiling was used, 0 to about 1; NaN where it is not known. */
double limits_share(const struct limits *limits, enum limited_by by);

/* The one that the figure came so near to that it cannot have been much higher: 98 % of a wire, 90 %
 * of the node's CPUs, 80 % of a device and of the peer's, half of what memory gives. A full wire explains
 * everything, then a full device, then memory; of the others the one nearest to its ceiling. */
enum limited_by limits_judge(const struct limits *limits);

/* Whether two figures are within 2 % of the same ceiling, so that their ratio tells of it alone. */
bool limits_are_same(const struct limits *a, const struct limits *b, enum limited_by by);

/* "wire 99.9 % (94.1 of 94.2 Mbit/s, host's eth0, shaped to 100 Mbit/s)" */
void limits_tell(const struct limits *limits, enum limited_by by, char *text, size_t size);

/* The medians of what was measured in `count` trials; the words are the first one's. */
MUST_CHECK bool limits_median(const struct limits *list, size_t count, struct limits *median, struct err *e);

#endif
