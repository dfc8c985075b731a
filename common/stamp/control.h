/* control.h - what the kernel says of a packet in recvmsg(2)'s control messages (SO_TIMESTAMPING,
 * Documentation/networking/timestamping.rst). */
#ifndef TARE_CONTROL_H
#define TARE_CONTROL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/errqueue.h>

/* Room for msg_control. */
union control_room {
    struct cmsghdr align;
    unsigned char bytes[CMSG_SPACE(sizeof(struct scm_timestamping)) +
                        CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) + 64];
};

struct control {
    int64_t stamp_ns;  /* REALTIME; 0 for none */
    bool is_departure; /* from the error queue: when the packet ... */
    uint32_t id;       /* ... of this number left */
};

struct control control_read(struct msghdr *message);

/* Ask for stamps: flags of linux/net_tstamp.h, 0 for none. */
bool control_ask(int fd, unsigned flags);

#endif
