/* allow.h - from which networks clients may come. */
#ifndef TARE_ALLOW_H
#define TARE_ALLOW_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/ip.h"

enum { ALLOW_MAX = 64 };

/* Zeroed it is the default: this machine's loopback, 127.0.0.0/8 and ::1. */
struct allow {
    struct allow_network {
        struct ip prefix;
        int length;
    } networks[ALLOW_MAX];
    size_t count;
};

/* "10.9.0.0/16", "fd00::/8", or one address. */
MUST_CHECK bool allow_add(struct allow *allow, const char *cidr, struct err *e);

/* Whether the address, also an IPv4 one that came over an IPv6 socket, is in one of them. */
bool allow_has(const struct allow *allow, const struct sockaddr_storage *from);

/* "10.9.0.2", "fe80::1": for a log. Returns `out`. */
const char *allow_show(const struct sockaddr_storage *from, char *out, size_t size);

#endif
