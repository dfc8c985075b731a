/* uplink.h - where a guest is on the network: the host's bridge, and the coordinator as it is reached
 * from there. */
#ifndef TARE_UPLINK_H
#define TARE_UPLINK_H

#include <net/if.h>
#include <stddef.h>

#include "base/err.h"

enum { UPLINK_NAME = IFNAMSIZ };

/* The bridge `wanted`, or where that is "" the only one that carries an address of this host and has a
 * port that leads outside. */
MUST_CHECK bool uplink_bridge(const char *wanted, char bridge[UPLINK_NAME], struct err *e);

/* `endpoint` as a guest on `bridge` may dial it: this machine's own loopback becomes the bridge's
 * address. */
MUST_CHECK bool uplink_endpoint(const char *endpoint, const char *bridge, char *out, size_t size, struct err *e);

/* Pure: digits, letters, '.', ':' and '/' alone, as an address with its prefix or "dhcp" has them. */
bool uplink_is_address(const char *text);

#endif
