/* tcp_sendfile.h - bulk bytes from a file by sendfile(2), over a connected TCP socket. */
#ifndef TARE_TCP_SENDFILE_H
#define TARE_TCP_SENDFILE_H

#include "flow/flow.h"

/* The file: 1 MiB or one message, whichever is more, in memory as a file in the page cache is,
 * so that no disk is measured. Outside the measured time; before tcp_sendfile_send. */
MUST_CHECK bool tcp_sendfile_prepare(struct flow *flow, struct err *e);

/* As tcp_stream_send, but for where the bytes come from: message after message of the file, and at its end
 * from the beginning again. The other end is tcp_stream_receive. */
MUST_CHECK bool tcp_sendfile_send(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

#endif
