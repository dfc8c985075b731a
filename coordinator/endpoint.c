#include "endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { ADDRESSES_MOST = 64, ROUTES_MAX = 16384 };

void endpoint_default_interface(const char *routes, char *interface, size_t size)
{
    interface[0] = '\0';
    long best = -1;
    for (const char *line = strchr(routes, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        char name[16];
        unsigned long destination, mask;
        long metric;
        /* Iface Destination Gateway Flags RefCnt Use Metric Mask; the kernel wrote the numbers, and none
         * of them is believed further than to compare it. */
        if (sscanf(line + 1, /* NOLINT(cert-err34-c) */
                   "%15s %lx %*x %*x %*u %*u %ld %lx", name, &destination, &metric, &mask) == 4 &&
            destination == 0 && mask == 0 && (best < 0 || metric < best)) {
            best = metric;
            text_copy(interface, size, name);
        }
    }
}

/* The addresses that `interface` (NULL: any) has of one family; the first of them is *only. */
static size_t pick(const struct endpoint_address *addresses, size_t count, const char *interface, bool is_v6,
                   const struct endpoint_address **only)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (addresses[i].is_v6 == is_v6 && (!interface || strcmp(addresses[i].interface, interface) == 0) &&
            found++ == 0)
            *only = &addresses[i];
    return found;
}

bool endpoint_choose(const struct endpoint_address *addresses, size_t count, const char *default_interface,
                     unsigned port, char endpoint[KEY_ENDPOINT], char *why, size_t why_size, struct err *e)
{
    const struct endpoint_address *only = NULL;
    const char *reason = "of the interface with the default route";
    size_t found = *default_interface ? pick(addresses, count, default_interface, false, &only) : 0;
    for (int is_v6 = 0; found == 0 && is_v6 < 2; is_v6++) {
        found = pick(addresses, count, NULL, is_v6, &only);
        reason = is_v6 ? "the only IPv6 address of this machine, which has none of IPv4"
                       : "the only IPv4 address of this machine";
    }
    if (found == 0)
        return err_set(e, ERR_USAGE,
                       "this machine has no address but its loopback: say --endpoint tcp://ADDRESS:%u, with 127.0.0.1 "
                       "for agents of this machine",
                       port);
    if (found > 1) {
        char list[320] = "";
        for (size_t i = 0; i < count; i++)
            text_append(list, sizeof list, "%s%s (%s)", i ? ", " : "", addresses[i].text, addresses[i].interface);
        return err_set(e, ERR_USAGE,
                       "this machine has several addresses: %s; say --endpoint tcp://ADDRESS:%u with the one that the "
                       "node reaches",
                       list, port);
    }
    snprintf(endpoint, KEY_ENDPOINT, only->is_v6 ? "tcp://[%s]:%u" : "tcp://%s:%u", only->text, port);
    snprintf(why, why_size, "%s, %s", only->interface, reason);
    return true;
}

/* One that others can reach: up, not the loopback, not bound to a link. */
static bool take_address(const struct ifaddrs *from, struct endpoint_address *to)
{
    if (!from->ifa_addr || !(from->ifa_flags & IFF_UP) || (from->ifa_flags & IFF_LOOPBACK))
        return false;
    const void *bytes = NULL;
    if (from->ifa_addr->sa_family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)from->ifa_addr)->sin_addr;
    } else if (from->ifa_addr->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)from->ifa_addr)->sin6_addr;
        bytes = IN6_IS_ADDR_LINKLOCAL(v6) ? NULL : v6;
    }
    to->is_v6 = from->ifa_addr->sa_family == AF_INET6;
    return bytes && inet_ntop(from->ifa_addr->sa_family, bytes, to->text, sizeof to->text) &&
           text_copy(to->interface, sizeof to->interface, from->ifa_name);
}

bool endpoint_guess(unsigned port, char endpoint[KEY_ENDPOINT], char *why, size_t why_size, struct err *e)
{
    struct endpoint_address addresses[ADDRESSES_MOST];
    struct ifaddrs *all = NULL;
    size_t count = 0;
    char routes[ROUTES_MAX] = "", interface[16];
    if (getifaddrs(&all) != 0)
        return err_errno(e, errno, "the addresses of this machine");
    for (const struct ifaddrs *one = all; one && count < ADDRESSES_MOST; one = one->ifa_next)
        count += take_address(one, &addresses[count]);
    freeifaddrs(all);
    FILE *file = fopen("/proc/net/route", "re");
    if (file) {
        routes[fread(routes, 1, sizeof routes - 1, file)] = '\0';
        fclose(file);
    }
    endpoint_default_interface(routes, interface, sizeof interface);
    return endpoint_choose(addresses, count, interface, port, endpoint, why, why_size, e);
}

bool endpoint_check(const char *endpoint, unsigned *port, struct err *e)
{
    const char *colon = strrchr(endpoint, ':');
    char *end = NULL;
    unsigned long number = colon ? strtoul(colon + 1, &end, 10) : 0;
    bool ok = strncmp(endpoint, "tcp://", 6) == 0 && colon > endpoint + 6 && colon[1] >= '0' && colon[1] <= '9' &&
              *end == '\0' && number > 0 && number <= 65535 && text_is_printable(endpoint, strlen(endpoint)) &&
              !strpbrk(endpoint, " \t*") && strlen(endpoint) < KEY_ENDPOINT;
    /* An IPv6 address needs brackets, or its last part would be the port. */
    ok = ok && (!memchr(endpoint + 6, ':', (size_t)(colon - endpoint - 6)) || (endpoint[6] == '[' && colon[-1] == ']'));
    if (!ok)
        return err_set(e, ERR_USAGE, "endpoint '%.100s' is not tcp://ADDRESS:PORT, or tcp://[IPV6]:PORT", endpoint);
    *port = (unsigned)number;
    return true;
}
