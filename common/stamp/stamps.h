/* stamps.h - a UDP socket whose packets the kernel stamps, as it hands them to a device and as it takes
 * them from one: without the way to and from this process, which is most of what is uncertain.
 *
 * SO_TIMESTAMPING (Documentation/networking/timestamping.rst): a departure's stamp comes by the
 * socket's error queue, with the number of the packet (OPT_ID) and not the packet (OPT_TSONLY, which
 * needs no right). What is asked for is not always to be had: a device's driver may not stamp what
 * leaves, then no stamp comes; an old kernel may refuse the option. So every moment has its stamp of
 * this process, read before sending and after receiving, which is true as well, only wider.
 *
 * Moments are RAW, on the side that makes an inequality of them true: not later than the packet left,
 * not earlier than it arrived.
 */
#ifndef TARE_STAMPS_H
#define TARE_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "stamp/stamp_kind.h"
#include "stamp/wall.h"

enum { STAMPS_SENT = 1024 }; /* departures that are waited for at once */

/* What the sender knows a packet by; it comes back with the packet's stamp. */
struct stamps_mark {
    uint64_t session, sequence;
};

struct stamps {
    int fd;               /* borrowed */
    enum stamp_kind kind; /* what the kernel agreed to */
    struct wall wall;
    uint32_t next_id;         /* the kernel's number of the next packet */
    int64_t numbered_mono_ns; /* numbers are believed from then on */
    struct {
        struct stamps_mark mark;
        int64_t sent_ns;
        uint32_t id;
        bool is_waiting;
    } sent[STAMPS_SENT];
};

/* Ask the kernel for stamps of the datagram socket `fd`, for no more than `most`. */
void stamps_begin(struct stamps *stamps, int fd, enum stamp_kind most);

/* Read the clocks: for one who neither sends nor receives for seconds, so that a move of the wall clock
 * is noticed before the next packet has need of it. */
void stamps_look(struct stamps *stamps);

/* sendto(2) without blocking; `to` NULL for a connected socket. A packet that cannot be sent is as good
 * as lost on its way: false, and nobody waits for its stamp. `mark` NULL: no stamp is wanted. */
bool stamps_send(struct stamps *stamps, const void *bytes, size_t size, const struct sockaddr *to, socklen_t to_size,
                 const struct stamps_mark *mark);

struct stamps_arrival {
    int64_t at_ns;  /* it had arrived then */
    bool is_kernel; /* the kernel's word */
};

/* recvfrom(2), and when it arrived. `from` may be NULL. -1 and errno as recvmsg(2) has them. */
ssize_t stamps_receive(struct stamps *stamps, void *bytes, size_t size, struct sockaddr_storage *from,
                       socklen_t *from_size, struct stamps_arrival *arrival);

/* The next packet whose departure the kernel has told: it had not left before *left_ns. False when there
 * is none; to be asked until then whenever the socket is ready for anything, for poll(2) wakes up for it. */
bool stamps_departure(struct stamps *stamps, struct stamps_mark *mark, int64_t *left_ns);

#endif
