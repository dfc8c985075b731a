/* endpoint.h - under which of this machine's addresses nodes are to dial it, as a guess. */
#ifndef TARE_ENDPOINT_H
#define TARE_ENDPOINT_H

#include <stddef.h>

#include "base/err.h"
#include "wire/keys.h"

struct endpoint_address {
    char interface[16];
    char text[46];
    bool is_v6;
};

/* The interface of the IPv4 default route, from the text of /proc/net/route; "" where there is
 * none. PURE. */
void endpoint_default_interface(const char *routes, char *interface, size_t size);

/* tcp://ADDRESS:PORT of the one address that it can be: on the interface of the default route, else
 * the only one there is; IPv4 before IPv6. `why` says how it was chosen. Several are listed in the
 * error. PURE. */
MUST_CHECK bool endpoint_choose(const struct endpoint_address *addresses, size_t count, const char *default_interface,
                                unsigned port, char endpoint[KEY_ENDPOINT], char *why, size_t why_size, struct err *e);

/* The same for this machine as it is. */
MUST_CHECK bool endpoint_guess(unsigned port, char endpoint[KEY_ENDPOINT], char *why, size_t why_size, struct err *e);

/* tcp://HOST:PORT, with a port that is one; the port goes to *port. */
MUST_CHECK bool endpoint_check(const char *endpoint, unsigned *port, struct err *e);

#endif
