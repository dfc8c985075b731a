#include "control.h"

#include <string.h>

#include "base/clock.h"

struct control control_read(struct msghdr *m)
{
    struct control w = { 0 };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct scm_timestamping stamps;
        struct sock_extended_err what;
        bool is_error = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING && c->cmsg_len >= CMSG_LEN(sizeof stamps)) {
            memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
            w.stamp_ns = (int64_t)stamps.ts[0].tv_sec * CLOCK_NS_PER_S + stamps.ts[0].tv_nsec;
        } else if (is_error && c->cmsg_len >= CMSG_LEN(sizeof what)) {
            memcpy(&what, CMSG_DATA(c), sizeof what);
            w.is_departure = what.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && what.ee_info == SCM_TSTAMP_SND;
            w.id = what.ee_data;
        }
    }
    return w;
}

bool control_ask(int fd, unsigned flags)
{
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}
