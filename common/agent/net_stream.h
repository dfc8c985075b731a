/* net_stream.h - what both ends of the workload net_stream do alike; how the connections come
 * about is what node and peer each add.
 */
#ifndef TARE_NET_STREAM_H
#define TARE_NET_STREAM_H

#include "agent/part.h"

enum { NET_STREAM_CONNECT_MS = 5000 };

/* The flows of the part's direction, which of them this end sends, and their buffers: all that takes
 * time, so that what is left once the peer has connected takes none. */
MUST_CHECK bool net_stream_make_flows(struct part *part, struct err *e);

/* The part's options as the flow takes them; borrows from `part`. */
struct flow_options net_stream_flow_options(const struct part *part);

/* For the table of struct workload. */
bool net_stream_run(struct part_flow *flow, struct err *e);
void net_stream_stop(struct part *part);
void net_stream_abort(struct part *part);
void net_stream_release(struct part *part);

#endif
