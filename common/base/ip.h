/* ip.h - addresses of IP as numbers, read from text without a socket. */
#ifndef TARE_IP_H
#define TARE_IP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct ip {
    unsigned char bytes[16];
    int size; /* 4 or 16 */
};

/* "10.77.0.2", "fd00::1", "fe80::1%eth0", each also with a port: "10.77.0.2:80", "[fd00::1]:80". False
 * when it is none; what stands behind an address (RFC 4291, 2.2) is a port, a zone or a prefix's length. */
bool ip_parse(const char *text, struct ip *address);

/* The address of such a text alone, with its zone; `*port` is left as it is where none is said. False when it
 * is none, or has no room. */
bool ip_split(const char *text, char *address, size_t size, uint16_t *port);

/* "10.77.0.0/24": the address and its length; without one all of its bits. */
bool ip_parse_prefix(const char *text, struct ip *prefix, int *length);

/* Whether measured data can be sent to `text` from another machine: one line why not, where it is no address (a
 * port, a zone or brackets do not belong to it), one of nobody or of many, or one that means another place on each
 * machine (link-local). */
MUST_CHECK bool ip_check_reachable(const char *text, struct ip *address, struct err *e);

/* Whether the first `length` bits are the same. */
bool ip_is_in(const struct ip *address, const struct ip *prefix, int length);

#endif
