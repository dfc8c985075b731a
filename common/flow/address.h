/* address.h - a numeric IP address and port as the kernel takes them. */
#ifndef TARE_ADDRESS_H
#define TARE_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

static inline const struct sockaddr *address_of(const struct address *a)
{
    return (const struct sockaddr *)&a->storage;
}

/* Read "10.0.0.7", "fe80::1%eth0", "::"; names are not looked up, which would wait past any deadline. */
MUST_CHECK bool address_parse(const char *text, uint16_t port, struct address *address, struct err *e);

/* bind(2), whose most common refusal is told as what it means. */
MUST_CHECK bool address_bind(int fd, const struct address *at, struct err *e);

/* The port that a bound socket has. */
MUST_CHECK bool address_port(int fd, uint16_t *port, struct err *e);

/* Bind `fd`, of the family of `to`, to the numeric address `from`, on a port of the kernel's choice. Nothing
 * when `from` is NULL or "". */
MUST_CHECK bool address_bind_from(int fd, const char *from, const struct address *to, struct err *e);

#endif
