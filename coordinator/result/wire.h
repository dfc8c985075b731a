/* wire.h - what the way between two nodes can carry at most, from the facts of its devices.
 *
 * A frame of Ethernet takes its MTU and 38 bytes more on the wire (header 14, FCS 4, preamble and
 * start 8, gap 12: IEEE 802.3), a shaper counts MTU + 14 + its own overhead. Of that TCP's payload is
 * the MTU less the headers of IP (20, IPv6 40) and TCP (20, with time stamps 32: RFC 7323): 1448 of
 * 1538 bytes, so that 100 Mbit/s carry 94.15.
 */
#ifndef TARE_WIRE_H
#define TARE_WIRE_H

#include "result/facts.h"

enum { WIRE_LINKS_MAX = 8, WIRE_FRAME_BYTES = 38, WIRE_HEADER_BYTES = 14 };

enum wire_protocol { WIRE_TCP, WIRE_UDP };

/* What one frame holds. Pure. */
struct wire_frame {
    int mtu;
    bool is_ipv6, has_timestamps;
    enum wire_protocol protocol;
};

/* Bytes of payload in a full frame; 0 where the MTU has no room for any. */
int wire_payload(const struct wire_frame *frame);

/* The payload, in bit/s, that a device of `bits_per_s` carries when it counts `extra` bytes beside the
 * MTU. `acks`: of full frames the other way as well, whose acknowledgements (one for two segments, RFC
 * 5681) take their place among ours. */
double wire_ceiling(const struct wire_frame *frame, double bits_per_s, int extra, bool acks);

/* A device that the bytes pass, in their direction. */
struct wire_link {
    char node[MODEL_NAME], device[32];
    bool sends;        /* the node, through it; else it receives */
    double bits_per_s; /* of the wire or its shaper, whichever is less */
    int extra;         /* bytes beside the MTU that are counted with each frame */
    bool is_shaped;
};

struct wire {
    struct wire_frame frame;
    struct wire_link links[WIRE_LINKS_MAX]; /* those whose rate is known */
    size_t count;
    bool is_local; /* both ends on one address: the bytes meet no wire */
};

/* The way of bytes from one node to another, with the links of their hosts where they are guests. A
 * switch between them, and what its ports are shaped to, is not known. */
void wire_between(const struct run *run, const struct facts *facts, const char *from, const char *to,
                  enum wire_protocol protocol, struct wire *wire);

/* The device of `node` that leads to `to`, a bridge's port out of the machine instead of the bridge: its
 * object in the fingerprint. NULL where it is not known, or no device is passed. */
const json_t *wire_device(const struct run *run, const struct facts *facts, const char *node, const char *to);

#endif
