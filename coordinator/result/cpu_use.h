/* cpu_use.h - what a trial's work cost in CPU. Pure.
 *
 * For the node under test (..._node) and its peer (..._peer), from the counters of the node's DONE, which are
 * those of the time from ARM until its last flow has ended:
 *
 *   cpu      CPU seconds a GB (10^9 bytes) of everything that its flows carried, or a transaction; of its process where
 *            nodes share the machine, else of the whole machine. CPU used is wall x CPUs - idle - iowait - steal.
 *   util     the machine's CPU used, in percent of all its CPUs
 *   busy     the same as netperf counts it, which takes iowait and steal for work: util + iowait + steal
 *   iowait, steal    in percent of all CPUs
 *   demand   netperf's service demand, from `busy`: CPU time in us/KB (1024 bytes) or us/transaction
 */
#ifndef TARE_CPU_USE_H
#define TARE_CPU_USE_H

#include "result/raw.h"

/* Add them to a load end's stream; what is not known is left out. False when memory is out. */
bool cpu_use_add(const struct raw_trial *raw, const struct raw_end *load, struct stream *stream);

/* Flag each peer that was so busy that it may be what limits the figures: above 80 % of a core for each of its
 * flows' threads. False when memory is out. */
bool cpu_use_flag_peers(const struct raw_trial *raw, struct trial *trial);

#endif
