/* netserver.h - what a stock netserver says of a flow, beside what was measured: its words, under its name. Pure.
 *
 *   netserver_bytes         that it received of a load end which sends, that it sent to one which receives
 *   netserver_transactions  that it answered
 *   netserver_cpu           CPU in use of its whole machine in percent, by netperf's rule, for which iowait and steal
 *                           are busy
 *   netserver_demand        its service demand: CPU time in us/KB (1024 bytes), or us/transaction
 *
 * Its own time is not taken over: its clock starts when it answers the request, before the work.
 */
#ifndef TARE_NETSERVER_H
#define TARE_NETSERVER_H

#include "result/raw.h"

/* Whether the other end of `end` is a stock netserver, so that this end tells of both. */
bool netserver_is_other(const struct raw_trial *raw, const struct raw_end *end);

/* Datagrams of a load end that it has received, -1 where that is not told. */
double netserver_datagrams(const struct raw_trial *raw, const struct raw_end *load);
double netserver_datagram_bytes(const struct raw_trial *raw, const struct raw_end *load);

/* Add the figures to a load end's stream, number `index` of the trial, and flag what it does not tell. False
 * when memory is out. */
bool netserver_add(const struct raw_trial *raw, const struct raw_end *load, struct trial *trial, size_t index);

#endif
