#include "uplink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "observe/netdev.h"

/* One that only guests are plugged into, as libvirt's own network is, does not lead outside. */
static bool leads_outside(const struct netdevs *devs, const struct netdev *bridge)
{
    for (size_t i = 0; i < devs->count; i++)
        if (devs->list[i].master == bridge->index && strcmp(devs->list[i].kind, "tun") != 0)
            return true;
    return false;
}

static bool is_of_link(const struct netdev_prefix *address)
{
    return address->family == AF_INET6 && address->address[0] == 0xfe && (address->address[1] & 0xc0) == 0x80;
}

/* Its address, one of IPv4 before others; NULL without. */
static const struct netdev_prefix *address_of(const struct netdevs *devs, const struct netdev *dev)
{
    const struct netdev_prefix *found = NULL;
    for (size_t i = 0; i < devs->address_count; i++) {
        const struct netdev_prefix *address = &devs->addresses[i];
        if (address->index == dev->index && !is_of_link(address) && (!found || address->family == AF_INET))
            found = address;
    }
    return found;
}

static const struct netdev *bridge_named(const struct netdevs *devs, const char *name)
{
    for (size_t i = 0; i < devs->count; i++)
        if (strcmp(devs->list[i].kind, "bridge") == 0 && strcmp(devs->list[i].name, name) == 0)
            return &devs->list[i];
    return NULL;
}

/* The only one that can be meant; those that can, by name, in `names`. */
static const struct netdev *usual_bridge(const struct netdevs *devs, char *names, size_t size, size_t *count)
{
    const struct netdev *found = NULL;
    *count = 0;
    names[0] = '\0';
    for (size_t i = 0; i < devs->count; i++) {
        const struct netdev *dev = &devs->list[i];
        if (strcmp(dev->kind, "bridge") != 0 || !address_of(devs, dev) || !leads_outside(devs, dev))
            continue;
        text_append(names, size, "%s%s", (*count)++ ? ", " : "", dev->name);
        found = dev;
    }
    return *count == 1 ? found : NULL;
}

static struct netdevs *read_devices(struct err *e)
{
    struct netdevs *devs = malloc(sizeof *devs);
    if (devs && netdevs_read(devs, e))
        return devs;
    if (!devs)
        err_set(e, ERR_INTERNAL, "out of memory");
    free(devs);
    return NULL;
}

bool uplink_bridge(const char *wanted, char bridge[UPLINK_NAME], struct err *e)
{
    char names[256];
    size_t count = 0;
    struct netdevs *devs = read_devices(e);
    if (!devs)
        return false;
    const struct netdev *found = *wanted ? bridge_named(devs, wanted) : usual_bridge(devs, names, sizeof names, &count);
    if (found)
        text_copy(bridge, UPLINK_NAME, found->name);
    else if (*wanted)
        err_set(e, ERR_USAGE, "this host has no bridge '%s': say the guest's `bridge`", wanted);
    else if (count > 1)
        err_set(e, ERR_USAGE, "several bridges carry an address of this host, say the guest's `bridge`: %s", names);
    else
        err_set(e, ERR_USAGE,
                "no bridge of this host carries its address, which a guest's card could be on: make one that holds the "
                "uplink, or say the guest's `bridge`");
    bool ok = found != NULL;
    free(devs);
    return ok;
}

/* As it stands in an endpoint: what the coordinator listens on, it listens on there, too. */
static bool bridge_address(const char *bridge, char *text, size_t size, struct err *e)
{
    struct netdevs *devs = read_devices(e);
    const struct netdev *dev = devs ? bridge_named(devs, bridge) : NULL;
    const struct netdev_prefix *address = dev ? address_of(devs, dev) : NULL;
    char plain[INET6_ADDRSTRLEN];
    bool ok = address && inet_ntop(address->family, address->address, plain, sizeof plain);
    bool is_v6 = ok && address->family == AF_INET6;
    text[0] = '\0';
    ok = ok && text_append(text, size, "%s%s%s", is_v6 ? "[" : "", plain, is_v6 ? "]" : "");
    free(devs);
    return ok || err_set(e, ERR_USAGE, "bridge '%s' has no address", bridge);
}

bool uplink_endpoint(const char *endpoint, const char *bridge, char *out, size_t size, struct err *e)
{
    static const char *const LOOPBACK[] = { "tcp://127.", "tcp://localhost:", "tcp://[::1]:" };
    const char *port = strrchr(endpoint, ':');
    bool is_loopback = false;
    char address[INET6_ADDRSTRLEN + 2];
    for (size_t i = 0; i < ARRAY_SIZE(LOOPBACK); i++)
        is_loopback |= strncmp(endpoint, LOOPBACK[i], strlen(LOOPBACK[i])) == 0;
    out[0] = '\0';
    if (!is_loopback || !port)
        return text_copy(out, size, endpoint) || err_set(e, ERR_USAGE, "the coordinator's address is too long");
    if (!bridge_address(bridge, address, sizeof address, e))
        return err_wrap(e,
                        "the coordinator is %s, which a guest cannot reach: invite this host with --endpoint "
                        "tcp://ADDRESS:PORT",
                        endpoint);
    return text_append(out, size, "tcp://%s%s", address, port) || err_set(e, ERR_USAGE, "the address is too long");
}

bool uplink_is_address(const char *text) { return strspn(text, "0123456789abcdefABCDEFdhcp.:/") == strlen(text); }
