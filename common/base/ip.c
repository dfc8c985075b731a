#include "ip.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Digits of `base` at *text as a number up to `most`; -1 when there are none, or too many. */
static long number_at(const char **text, int base, long most)
{
    char *end;
    if (!isxdigit((unsigned char)**text))
        return -1;
    long value = strtol(*text, &end, base);
    if (end == *text || value > most)
        return -1;
    *text = end;
    return value;
}

static bool parse_v4(const char **text, unsigned char *bytes)
{
    for (int i = 0; i < 4; i++) {
        long value = i > 0 && *(*text)++ != '.' ? -1 : number_at(text, 10, 255);
        if (value < 0)
            return false;
        bytes[i] = (unsigned char)value;
    }
    return true;
}

/* Groups of 16 bits; "::" once for as many zeros as are missing; the last 32 may be written as IPv4. */
static bool parse_v6(const char **text, unsigned char *bytes)
{
    unsigned char got[16];
    int used = 0, gap = -1;
    const char *at = *text;
    while (used < 16) {
        if (gap < 0 && at[0] == ':' && at[1] == ':') {
            gap = used;
            at += 2;
            if (!isxdigit((unsigned char)*at))
                break;
        } else if (used > 0 && *at++ != ':') {
            return false;
        }
        size_t digits = strspn(at, "0123456789abcdefABCDEF");
        if (at[digits] == '.' && used <= 12) {
            if (!parse_v4(&at, got + used))
                return false;
            used += 4;
            break;
        }
        long value = number_at(&at, 16, 0xffff);
        if (value < 0)
            return false;
        got[used++] = (unsigned char)(value >> 8);
        got[used++] = (unsigned char)(value & 0xff);
        if (*at != ':')
            break;
    }
    if (gap < 0 ? used != 16 : used > 14)
        return false;
    memset(bytes, 0, 16);
    size_t tail = gap < 0 ? 0 : (size_t)(used - gap);
    memcpy(bytes, got, (size_t)used - tail);
    memcpy(bytes + 16 - tail, got + used - tail, tail);
    *text = at;
    return true;
}

/* What may stand behind an address, by the family and whether it was in brackets. */
static bool parse_at(const char **text, struct ip *address, bool *is_bracketed)
{
    struct ip read = { .size = 4 };
    const char *at = *text;
    bool bracket = *at == '[';
    if (bracket)
        at++;
    const char *colon = strchr(at, ':');
    if (colon && (bracket || strchr(colon + 1, ':')))
        read.size = 16;
    if (read.size == 4 ? !parse_v4(&at, read.bytes) : !parse_v6(&at, read.bytes))
        return false;
    if (read.size == 16 && *at == '%')
        at += strcspn(at, "]/");
    if (bracket && *at++ != ']')
        return false;
    *is_bracketed = bracket;
    *address = read;
    *text = at;
    return true;
}

/* An address and, behind it, a port; -1 where none is said. The address stands from *begin to *end. */
static bool parse_with_port(const char *text, struct ip *address, const char **begin, const char **end, long *port)
{
    bool is_bracketed;
    const char *at = text;
    if (!parse_at(&at, address, &is_bracketed))
        return false;
    *begin = text + is_bracketed;
    *end = at - is_bracketed;
    *port = -1;
    if (*at == ':' && (address->size == 4 || is_bracketed)) {
        at++;
        *port = number_at(&at, 10, 65535);
        if (*port < 0)
            return false;
    }
    return *at == '\0';
}

bool ip_parse(const char *text, struct ip *address)
{
    struct ip read;
    const char *begin, *end;
    long port;
    if (!parse_with_port(text, &read, &begin, &end, &port))
        return false;
    *address = read;
    return true;
}

bool ip_split(const char *text, char *address, size_t size, uint16_t *port)
{
    struct ip read;
    const char *begin, *end;
    long number;
    if (!parse_with_port(text, &read, &begin, &end, &number) || (size_t)(end - begin) >= size)
        return false;
    memcpy(address, begin, (size_t)(end - begin));
    address[end - begin] = '\0';
    if (number >= 0)
        *port = (uint16_t)number;
    return true;
}

bool ip_parse_prefix(const char *text, struct ip *prefix, int *length)
{
    struct ip read;
    bool is_bracketed;
    if (!parse_at(&text, &read, &is_bracketed) || is_bracketed)
        return false;
    long bits = read.size * 8L;
    if (*text == '/') {
        text++;
        bits = number_at(&text, 10, bits);
    }
    if (bits < 0 || *text)
        return false;
    *prefix = read;
    *length = (int)bits;
    return true;
}

bool ip_check_reachable(const char *text, struct ip *address, struct err *e)
{
    static const struct ip NOBODY[] = { { { 0 }, 4 }, { { 0 }, 16 } };
    struct ip a;
    if (strpbrk(text, "[]%") || !ip_parse(text, &a) || (a.size == 4 && strchr(text, ':')))
        return err_set(e, ERR_USAGE, "'%.64s' is no IP address, as 10.0.0.7 or fd00::7 are", text);
    bool is_v6 = a.size == 16;
    if (memcmp(a.bytes, NOBODY[is_v6].bytes, (size_t)a.size) == 0)
        return err_set(e, ERR_USAGE, "'%.64s' means any address: name the one that others connect to", text);
    if (is_v6 ? a.bytes[0] == 0xff : a.bytes[0] >= 224)
        return err_set(e, ERR_USAGE, "'%.64s' is not the address of one machine", text);
    if (is_v6 ? a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80 : a.bytes[0] == 169 && a.bytes[1] == 254)
        return err_set(e, ERR_USAGE,
                       "'%.64s' is link-local, which each machine reaches through an interface of its own: give the "
                       "node an address that means the same everywhere (fd00::/8, say)",
                       text);
    *address = a;
    return true;
}

bool ip_is_in(const struct ip *address, const struct ip *prefix, int length)
{
    if (address->size != prefix->size || length < 0 || length > address->size * 8)
        return false;
    int whole = length / 8, rest = length % 8;
    if (memcmp(address->bytes, prefix->bytes, (size_t)whole) != 0)
        return false;
    return rest == 0 || (address->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}
