/* flow_parts.h - a flow from inside: for the files of this folder whose loops move its bytes.
 *
 * The loops tell each other apart by what ends them: a connection that carries the whole flow is ended
 * by shutting it down, which wakes whatever blocks on it; a flow of many connections (CRR) or of
 * datagrams looks at `stopped` between two of them.
 */
#ifndef TARE_FLOW_PARTS_H
#define TARE_FLOW_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/clock.h"
#include "flow/flow.h"

struct flow {
    int fd;      /* its socket; where CRR answers, the listening one; where it asks, -1 */
    int file_fd; /* what tcp_sendfile sends, else -1 */
    off_t file_bytes;
    pthread_mutex_t lock; /* guards `at_hand`: who aborts must not hit a descriptor that is another's by now */
    int at_hand;          /* CRR: the connection of the moment, -1 between two */
    unsigned char *message, *inbox; /* page-aligned, one behind the other: what is sent, where reads go */
    size_t message_bytes, read_bytes, mapped_bytes;
    struct flow_start start;
    /* Set before the shutdown that they explain, so that who sees its effect sees the reason. */
    _Atomic bool stopped, aborted;
    int broken_by; /* errno of what broke it */
    bool failed;
    uint32_t retransmits, mss; /* CRR asking: of all its connections, and of the last one */
};

/* What `errno_value` means to the person who reads it; 0: the other side closed where it should not.
 * Returns false. */
bool flow_break(struct flow *flow, int errno_value, const char *doing, struct err *e);

/* Wait for the other side's close, which says that it has read everything. */
MUST_CHECK bool flow_wait_for_close(struct flow *flow, struct err *e);

/* Sleep until CLOCK_MONOTONIC reads `mono_ns`, or the flow is stopped or aborted: then false. */
bool flow_sleep_until(const struct flow *flow, int64_t mono_ns);

/* To be called right in front of the first operation, whose moment it returns, and ... */
static inline int64_t flow_begin(struct flow *flow)
{
    return flow->start.await ? flow->start.await(flow->start.context) : clock_raw_ns();
}

/* ... right behind it; nothing comes of being called again. */
static inline void flow_begun(struct flow *flow)
{
    if (!flow->start.begun)
        return;
    flow->start.begun(flow->start.context);
    flow->start.begun = NULL;
}

static inline bool flow_is_stopped(const struct flow *flow)
{
    return atomic_load_explicit(&flow->stopped, memory_order_relaxed) ||
           atomic_load_explicit(&flow->aborted, memory_order_relaxed);
}

#endif
