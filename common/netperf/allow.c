#include "allow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

enum { MAPPED_BITS = 96, V4_BITS = 32, ALL_BITS = 128 };

static const unsigned char MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* Both families as 16 bytes; false for another one. */
static bool bytes_of(const struct sockaddr_storage *from, unsigned char bytes[16])
{
    if (from->ss_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
        return true;
    }
    memcpy(bytes, MAPPED, sizeof MAPPED);
    memcpy(bytes + sizeof MAPPED, &((const struct sockaddr_in *)from)->sin_addr, 4);
    return from->ss_family == AF_INET;
}

/* The bits of the last byte that counts. */
static unsigned char mask_of(unsigned bits) { return (unsigned char)(0xff00u >> (bits % 8)); }

static bool is_in(const struct allow_network *n, const unsigned char address[16])
{
    size_t whole = n->bits / 8;
    if (memcmp(n->address, address, whole) != 0)
        return false;
    return n->bits % 8 == 0 || ((n->address[whole] ^ address[whole]) & mask_of(n->bits)) == 0;
}

/* Whether nothing is set behind the prefix. */
static bool is_whole(const struct allow_network *n)
{
    for (unsigned bit = n->bits; bit < ALL_BITS; bit++)
        if (n->address[bit / 8] & (0x80u >> (bit % 8)))
            return false;
    return true;
}

bool allow_add(struct allow *allow, const char *cidr, struct err *e)
{
    char text[ALLOW_TEXT];
    struct allow_network n = { .bits = ALL_BITS };
    if (allow->count == ALLOW_MAX)
        return err_set(e, ERR_USAGE, "more than %d networks", ALLOW_MAX);
    bool fits = text_copy(text, sizeof text, cidr);
    char *slash = strchr(text, '/');
    if (slash)
        *slash++ = '\0';
    bool is_v4 = inet_pton(AF_INET, text, n.address + sizeof MAPPED) == 1;
    if (is_v4)
        memcpy(n.address, MAPPED, sizeof MAPPED);
    int64_t bits = is_v4 ? V4_BITS : ALL_BITS, most = bits;
    if (!fits || (!is_v4 && inet_pton(AF_INET6, text, n.address) != 1) ||
        (slash && (!units_parse_int(slash, &bits, NULL) || bits < 0 || bits > most)))
        return err_set(e, ERR_USAGE, "'%.64s' is no network: write it as in 10.9.0.0/16 or fd00::/8", cidr);
    n.bits = (unsigned)bits + (is_v4 ? MAPPED_BITS : 0);
    if (!is_whole(&n))
        return err_set(e, ERR_USAGE, "'%.64s' has bits set behind its prefix: is it one address, or the network?",
                       cidr);
    allow->networks[allow->count++] = n;
    return true;
}

bool allow_has(const struct allow *allow, const struct sockaddr_storage *from)
{
    static const struct allow_network LOOPBACK[] = {
        { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127 }, MAPPED_BITS + 8 },
        { { [15] = 1 }, ALL_BITS },
    };
    const struct allow_network *networks = allow->count > 0 ? allow->networks : LOOPBACK;
    size_t count = allow->count > 0 ? allow->count : ARRAY_SIZE(LOOPBACK);
    unsigned char address[16];
    if (!bytes_of(from, address))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_in(&networks[i], address))
            return true;
    return false;
}

const char *allow_show(const struct sockaddr_storage *from, char *out, size_t size)
{
    unsigned char address[16];
    bool is_known = bytes_of(from, address);
    bool is_v4 = memcmp(address, MAPPED, sizeof MAPPED) == 0;
    if (!is_known ||
        !inet_ntop(is_v4 ? AF_INET : AF_INET6, address + (is_v4 ? sizeof MAPPED : 0), out, (socklen_t)size))
        snprintf(out, size, "?");
    return out;
}
