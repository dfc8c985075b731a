/* tcp_sendfile.h - bulk bytes from a file by sendfile(2), over a connected TCP socket. */
#ifndef TARE_TCP_SENDFILE_H
#define TARE_TCP_SENDFILE_H

#include "flow/flow.h"

/* The file: 128 KiB or one message, whichever is more, in memory as a file in the page cache is, so that no disk
 * is measured, and small enough for the receiver's second-level cache, as those are that netperf and iperf3 make
 * for themselves; in one large page where the kernel has one: 1.30 of
 * iperf3's rate at 0.71 of its CPU, in small ones 0.97 and 0.98 (./bootstrap bench net). Outside the measured time;
 * before tcp_sendfile_send.
 *
 * The other end does best with plain reads of 128 KiB (TCP_STREAM_PLAIN_READ_BYTES, no company): here the sender
 * has no copying to do, so a receiver that stays awake takes the protocol's work off it. Ratios to iperf3 -Z with
 * 128 KB, rate and CPU s a GB, medians of 7 to 9 alternating runs of 1 s on a quiet machine of 2 CPUs:
 *                           file of 128 KiB      256 KiB      1 MiB
 *     reads in company           0.83 0.93     0.85 0.92    0.85 0.92
 *     plain reads of 1 MiB       0.81 1.03     0.89 0.95    0.75 1.15
 *     plain reads of 128 KiB     1.06 0.94     1.03 0.94    0.81 1.12
 *     plain reads of 64 KiB      0.92 1.01 */
MUST_CHECK bool tcp_sendfile_prepare(struct flow *flow, struct err *e);

/* As tcp_stream_send, but for where the bytes come from: message after message of the file, and at its end
 * from the beginning again. The other end is tcp_stream_receive. */
MUST_CHECK bool tcp_sendfile_send(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

#endif
