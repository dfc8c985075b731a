/* netdev.h - the network devices of this machine, as far as a figure depends on them: rate, MTU,
 * offloads, queues, error counters, what shapes them, which bridge they are in, and where routes lead.
 *
 * From rtnetlink(7) and the ethtool ioctls, not from /sys: that shows the network namespace in which
 * it was mounted, which need not be the process's own. Anybody may read all of it.
 */
#ifndef TARE_NETDEV_H
#define TARE_NETDEV_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/object_text.h"

enum {
    NETDEV_MAX = 64,
    NETDEV_ADDRESS_MAX = 128,
    NETDEV_ROUTE_MAX = 64,
    NETDEV_NO_SPEED = -1,
};

/* Those on are told by name; each is asked for with its own ethtool command. */
#define NETDEV_OFFLOADS(X)   \
    X(TSO, "tso", GTSO)      \
    X(GSO, "gso", GGSO)      \
    X(GRO, "gro", GGRO)      \
    X(SG, "sg", GSG)         \
    X(TXCSUM, "tx", GTXCSUM) \
    X(RXCSUM, "rx", GRXCSUM)
#define NETDEV_OFFLOAD_ENUM(name, word, command) NETDEV_##name,
enum netdev_offload { NETDEV_OFFLOADS(NETDEV_OFFLOAD_ENUM) NETDEV_OFFLOAD_COUNT };

/* What the root queueing discipline lets through at most. */
struct netdev_shaper {
    int64_t bits_per_s; /* 0: it does not shape */
    int overhead;       /* bytes that it counts beside each frame of its own */
};

struct netdev {
    int index, master;   /* `master`: index of the bridge or bond that it is a port of, 0 without */
    char name[IFNAMSIZ]; /* as the kernel has it */
    char kind[16];       /* "bridge", "veth", "tun"...; "" for a card */
    char driver[32];
    char qdisc[16];
    unsigned flags, mtu; /* flags: IFF_UP... */
    int64_t speed_mbit;  /* of the wire; NETDEV_NO_SPEED where there is none, or nobody knows it */
    const char *duplex;  /* "full", "half"; "" when not known */
    unsigned offloads;   /* 1 << enum netdev_offload */
    int rx_queues, tx_queues;
    uint32_t root_handle, default_class; /* of the qdisc htb */
    struct netdev_shaper shaper;
    /* Since it is there. */
    uint64_t rx_bytes, tx_bytes, rx_errors, tx_errors, rx_dropped, tx_dropped, rx_crc_errors, rx_frame_errors,
        tx_carrier_errors, collisions;
};

/* `index` of the device that an address belongs to, or over which what the prefix fits is sent. */
struct netdev_prefix {
    int index, family; /* AF_INET, AF_INET6 */
    unsigned length;   /* of the prefix, in bits */
    unsigned metric;   /* of a route: of two with one prefix the lower one counts */
    unsigned char address[16];
};

struct netdevs {
    struct netdev list[NETDEV_MAX];
    struct netdev_prefix addresses[NETDEV_ADDRESS_MAX], routes[NETDEV_ROUTE_MAX];
    size_t count, address_count, route_count;
    bool is_cut; /* there are more */
};

/* Everything, now: 1 to 5 ms. After a failure `devs` says nothing. */
MUST_CHECK bool netdevs_read(struct netdevs *devs, struct err *e);

/* Take over what one datagram of an rtnetlink dump says; pure. *is_last: it was the dump's last. */
MUST_CHECK bool netdevs_take(struct netdevs *devs, const void *datagram, size_t size, bool *is_last, struct err *e);

struct netdev *netdevs_find(const struct netdevs *devs, int index);

/* "links": the devices but loopback, those with an address and their ports in full, the others in
 * brief; "routes": ["10.0.0.0/8 eth1", ...], of the main table. */
void netdevs_write(const struct netdevs *devs, struct object_text *fingerprint);

/* "eth0: 3 rx_errors, 1 collisions": which counters of faults rose from `before` to `after`; "" for none. */
void netdevs_tell_errors(const struct netdevs *before, const struct netdevs *after, char *text, size_t size);

#endif
