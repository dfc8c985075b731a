#include "allow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* False for another family than IP's. */
static bool address_of(const struct sockaddr_storage *from, struct ip *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    *address = (struct ip){ .size = 4 };
    if (from->ss_family == AF_INET) {
        memcpy(address->bytes, &v4->sin_addr, 4);
    } else if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        memcpy(address->bytes, v6->sin6_addr.s6_addr + 12, 4);
    } else if (from->ss_family == AF_INET6) {
        memcpy(address->bytes, &v6->sin6_addr, 16);
        address->size = 16;
    } else {
        return false;
    }
    return true;
}

bool allow_add(struct allow *allow, const char *cidr, struct err *e)
{
    if (allow->count == ALLOW_MAX)
        return err_set(e, ERR_USAGE, "more than %d networks", ALLOW_MAX);
    struct allow_network *n = &allow->networks[allow->count];
    if (!ip_parse_prefix(cidr, &n->prefix, &n->length))
        return err_set(e, ERR_USAGE, "'%.64s' is no network: write it as in 10.9.0.0/16 or fd00::/8", cidr);
    allow->count++;
    return true;
}

bool allow_has(const struct allow *allow, const struct sockaddr_storage *from)
{
    static const struct allow_network LOOPBACK[] = {
        { { { 127 }, 4 }, 8 },
        { { { [15] = 1 }, 16 }, 128 },
    };
    const struct allow_network *networks = allow->count > 0 ? allow->networks : LOOPBACK;
    size_t count = allow->count > 0 ? allow->count : ARRAY_SIZE(LOOPBACK);
    struct ip address;
    if (!address_of(from, &address))
        return false;
    for (size_t i = 0; i < count; i++)
        if (ip_is_in(&address, &networks[i].prefix, networks[i].length))
            return true;
    return false;
}

const char *allow_show(const struct sockaddr_storage *from, char *out, size_t size)
{
    struct ip address;
    if (!address_of(from, &address) ||
        !inet_ntop(address.size == 4 ? AF_INET : AF_INET6, address.bytes, out, (socklen_t)size))
        snprintf(out, size, "?");
    return out;
}
