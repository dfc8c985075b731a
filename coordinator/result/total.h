/* total.h - what the streams of one trial make together, and how fairly they shared it. */
#ifndef TARE_TOTAL_H
#define TARE_TOTAL_H

#include "result/model.h"

struct total {
    size_t streams;
    const char *figure, *unit; /* of what: "throughput" in "bit/s", "transactions" in "1/s"; borrowed from the trial */
    double sum, least, most;
    /* (sum x)^2 / (n sum x^2): 1 when all got the same, 1/n when one got everything. R. Jain, D. Chiu,
     * W. Hawe: "A quantitative measure of fairness and discrimination for resource allocation in shared
     * computer systems", DEC-TR-301, 1984. NaN when nothing was moved at all. */
    double jain;
};

/* The rates of the trial's load streams of one direction, on the coordinator's clock. False when
 * there are fewer than two, or one has no such figure: a sum without it would be another thing. */
bool total_of(const struct trial *trial, const char *direction, enum window window, struct total *total);

/* The same in the time in which all streams ran, for rates of different times make no sum; of the whole
 * window where that time is not known. False also where nothing was moved. */
bool total_at_once(const struct trial *trial, const char *direction, struct total *total);

#endif
