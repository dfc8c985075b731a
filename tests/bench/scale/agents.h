/* agents.h - many simulated agents in one process, each with a key and a CURVE connection of its own.
 *
 * They say what a real agent says to be taken in (HELLO until WELCOME, then FACTS), answer every PING,
 * and send SAMPLEs at a pace. Their UDP clocks, which take 40 KB each, are there where they are asked for. They
 * measure nothing, and do not dial anew when the coordinator goes away.
 */
#ifndef TARE_BENCH_AGENTS_H
#define TARE_BENCH_AGENTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/keys.h"
#include "wire/message.h"

enum {
    AGENTS_POINTS_A_SAMPLE = 10, /* what a real agent reads in the 100 ms between two SAMPLEs */
    AGENTS_DESCRIPTORS = 5,      /* of each: its connection, the three sockets that go with it, and its clock */
};

/* What the coordinator's process tells all of its agents' processes, and they it: shared memory. */
struct stage {
    _Atomic int64_t begin_mono_ns;   /* when to dial; 0: not yet */
    _Atomic int64_t sample_every_ns; /* between two SAMPLEs of one agent; 0: none */
    _Atomic bool is_over;
    _Atomic uint64_t samples_unsent; /* the connection took no more at that moment */
    _Atomic uint64_t broken;         /* connections, in mid-handshake */
};

struct agents_options {
    const struct invite *invites; /* one an agent */
    size_t count;
    const struct message *facts;
    bool have_clocks;
};

/* Be those agents until the stage is over; the exit code of their process. */
int agents_run(const struct agents_options *options, struct stage *stage);

#endif
