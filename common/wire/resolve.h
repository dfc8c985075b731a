/* resolve.h - the host in an endpoint, and whether its name means anything: libzmq looks names up in
 * a thread of its own, and says nothing when there is no such name. */
#ifndef TARE_RESOLVE_H
#define TARE_RESOLVE_H

#include <stddef.h>

#include "base/err.h"

/* The host of "tcp://HOST:PORT", without the brackets of an IPv6 address. */
MUST_CHECK bool resolve_host(const char *endpoint, char *host, size_t size, struct err *e);

/* Fails with what the resolver says. May take as long as that takes. */
MUST_CHECK bool resolve_check(const char *endpoint, struct err *e);

#endif
