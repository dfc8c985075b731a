/* netdev_text.c - the devices as a part of the fingerprint, and what happened to their error counters. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "observe/netdev.h"

enum { LINK_MAX = 1024, LINKS_MAX = 6 * 1024, ROUTES_MAX = 2 * 1024 };

/* What is dropped need be no fault of the wire: a protocol that nobody here speaks is. */
static const struct {
    const char *name;
    size_t offset;
    bool is_fault;
} ERRORS[] = {
    { "rx_errors", offsetof(struct netdev, rx_errors), true },
    { "tx_errors", offsetof(struct netdev, tx_errors), true },
    { "rx_crc_errors", offsetof(struct netdev, rx_crc_errors), true },
    { "rx_frame_errors", offsetof(struct netdev, rx_frame_errors), true },
    { "tx_carrier_errors", offsetof(struct netdev, tx_carrier_errors), true },
    { "collisions", offsetof(struct netdev, collisions), true },
    { "rx_dropped", offsetof(struct netdev, rx_dropped), false },
    { "tx_dropped", offsetof(struct netdev, tx_dropped), false },
};

static uint64_t error_of(const struct netdev *dev, size_t i)
{
    uint64_t value;
    memcpy(&value, (const char *)dev + ERRORS[i].offset, sizeof value);
    return value;
}

/* "10.77.0.2/24" */
static void print_prefix(const struct netdev_prefix *prefix, char *text, size_t size)
{
    char address[INET6_ADDRSTRLEN] = "?";
    inet_ntop(prefix->family, prefix->address, address, sizeof address);
    snprintf(text, size, "%s/%u", address, prefix->length);
}

static void write_addresses(const struct netdevs *devs, const struct netdev *dev, struct object_text *link)
{
    char list[LINK_MAX], one[INET6_ADDRSTRLEN + 8];
    struct object_text addresses;
    bool any = false;
    array_text_open(&addresses, list, sizeof list);
    for (size_t i = 0; i < devs->address_count; i++) {
        if (devs->addresses[i].index != dev->index)
            continue;
        print_prefix(&devs->addresses[i], one, sizeof one);
        object_text_string(&addresses, "", one);
        any = true;
    }
    object_text_close(&addresses);
    if (any)
        object_text_raw(link, "addresses", list);
}

static void write_offloads(const struct netdev *dev, struct object_text *link)
{
#define WORD(name, word, command) word,
    static const char *const WORDS[] = { NETDEV_OFFLOADS(WORD) };
    char text[64] = "";
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
        if (dev->offloads & 1U << i)
            text_append(text, sizeof text, "%s%s", *text ? " " : "", WORDS[i]);
    object_text_string(link, "offloads", text);
}

/* Those that are not 0. */
static void write_errors(const struct netdev *dev, struct object_text *link)
{
    char list[256];
    struct object_text errors;
    object_text_open(&errors, list, sizeof list);
    for (size_t i = 0; i < ARRAY_SIZE(ERRORS); i++)
        if (error_of(dev, i) > 0 && error_of(dev, i) <= INT64_MAX)
            object_text_int(&errors, ERRORS[i].name, (int64_t)error_of(dev, i));
    object_text_close(&errors);
    object_text_raw(link, "errors", list);
}

static void write_in_full(const struct netdevs *devs, const struct netdev *dev, struct object_text *link)
{
    write_addresses(devs, dev, link);
    if (dev->driver[0])
        object_text_string(link, "driver", dev->driver);
    if (dev->speed_mbit != NETDEV_NO_SPEED)
        object_text_int(link, "speed_mbit", dev->speed_mbit);
    if (dev->duplex[0])
        object_text_string(link, "duplex", dev->duplex);
    object_text_string(link, "qdisc", dev->qdisc);
    if (dev->shaper.bits_per_s > 0) {
        object_text_int(link, "shaped_bit_s", dev->shaper.bits_per_s);
        object_text_int(link, "shaped_overhead", dev->shaper.overhead);
    }
    object_text_int(link, "rx_queues", dev->rx_queues);
    object_text_int(link, "tx_queues", dev->tx_queues);
    write_offloads(dev, link);
    write_errors(dev, link);
}

/* Whether traffic of this machine goes through it: it has an address, or is a port of what has one. */
static bool is_used(const struct netdevs *devs, const struct netdev *dev)
{
    for (size_t i = 0; i < devs->address_count; i++)
        if (devs->addresses[i].index == dev->index || (dev->master != 0 && devs->addresses[i].index == dev->master))
            return true;
    return false;
}

static void write_link(const struct netdevs *devs, const struct netdev *dev, struct object_text *links)
{
    char text[LINK_MAX];
    struct object_text link;
    const struct netdev *master = dev->master != 0 ? netdevs_find(devs, dev->master) : NULL;
    object_text_open(&link, text, sizeof text);
    object_text_string(&link, "name", dev->name);
    if (dev->kind[0])
        object_text_string(&link, "kind", dev->kind);
    if (master)
        object_text_string(&link, "master", master->name);
    object_text_bool(&link, "up", (dev->flags & IFF_UP) != 0);
    object_text_int(&link, "mtu", dev->mtu);
    if (is_used(devs, dev))
        write_in_full(devs, dev, &link);
    object_text_close(&link);
    object_text_raw(links, "", text);
}

static void write_routes(const struct netdevs *devs, struct object_text *fingerprint)
{
    char list[ROUTES_MAX], prefix[INET6_ADDRSTRLEN + 8], one[sizeof prefix + IFNAMSIZ + 16];
    struct object_text routes;
    array_text_open(&routes, list, sizeof list);
    for (size_t i = 0; i < devs->route_count; i++) {
        const struct netdev *dev = netdevs_find(devs, devs->routes[i].index);
        print_prefix(&devs->routes[i], prefix, sizeof prefix);
        snprintf(one, sizeof one, "%s %s %u", prefix, dev ? dev->name : "?", devs->routes[i].metric);
        object_text_string(&routes, "", one);
    }
    object_text_close(&routes);
    object_text_raw(fingerprint, "routes", list);
}

void netdevs_write(const struct netdevs *devs, struct object_text *fingerprint)
{
    char list[LINKS_MAX];
    struct object_text links;
    array_text_open(&links, list, sizeof list);
    for (int brief = 0; brief < 2; brief++) /* the ones that are used first */
        for (size_t i = 0; i < devs->count; i++)
            if (!(devs->list[i].flags & IFF_LOOPBACK) && is_used(devs, &devs->list[i]) != brief)
                write_link(devs, &devs->list[i], &links);
    object_text_close(&links);
    object_text_raw(fingerprint, "links", list);
    write_routes(devs, fingerprint);
    if (devs->is_cut || links.is_cut)
        object_text_bool(fingerprint, "links_cut", true);
}

void netdevs_tell_errors(const struct netdevs *before, const struct netdevs *after, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < after->count; i++) {
        const struct netdev *dev = &after->list[i], *was = netdevs_find(before, dev->index);
        const char *named = NULL;
        for (size_t k = 0; was && k < ARRAY_SIZE(ERRORS); k++) {
            if (!ERRORS[k].is_fault || error_of(dev, k) <= error_of(was, k))
                continue;
            if (!named)
                text_append(text, size, "%s%s: ", *text ? "; " : "", dev->name);
            text_append(text, size, "%s%" PRIu64 " %s", named ? ", " : "", error_of(dev, k) - error_of(was, k),
                        ERRORS[k].name);
            named = dev->name;
        }
    }
}
