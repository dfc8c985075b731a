/* probe_log.h - every clock probe of a run as text, for those who want to work the bounds out themselves.
 *
 * Lines of CSV; times are nanoseconds, t1 and t4 of the coordinator's RAW, t2 and t3 of the node's, each on
 * the side that makes its inequality true (bounds.h):
 *
 *     what,node,sequence,t1_ns,t2_ns,t3_ns,t4_ns,stamps
 *     trial,NODE,,,,,,                    its bounds begin anew
 *     exchange,NODE,K,T1,T2,T3,T4,KIND    KIND as stamp_kind.h names it
 *     departure,NODE,K,,,T3,T4,           the answer of exchange K left at T3, later than it said
 */
#ifndef TARE_PROBE_LOG_H
#define TARE_PROBE_LOG_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "stamp/stamp_kind.h"

MUST_CHECK bool probe_log_open(const char *path, FILE **log, struct err *e);

/* Fails where not all of it could be written. NULL is fine. */
MUST_CHECK bool probe_log_close(FILE **log, const char *path, struct err *e);

/* All do nothing with NULL. */
void probe_log_trial(FILE *log, const char *node);
void probe_log_exchange(FILE *log, const char *node, uint64_t sequence, const int64_t t_ns[4], enum stamp_kind kind);
void probe_log_departure(FILE *log, const char *node, uint64_t sequence, int64_t t3_ns, int64_t t4_ns);

#endif
