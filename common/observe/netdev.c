#include "netdev.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* What is read of each kind of message: the kernel's own structures, copied out before they are looked
 * at, since nothing in a datagram need be aligned. */

struct attributes {
    const struct rtattr *of[64];
};

/* Those of `data`; one type twice: the last. What is malformed ends the list. */
static void split(const void *data, size_t size, struct attributes *a)
{
    const struct rtattr *at = data;
    memset(a, 0, sizeof *a);
    while (size >= sizeof *at && at->rta_len >= sizeof *at && at->rta_len <= size) {
        unsigned type = at->rta_type & ~(unsigned)NLA_F_NESTED;
        if (type < ARRAY_SIZE(a->of))
            a->of[type] = at;
        size_t step = RTA_ALIGN(at->rta_len);
        if (step >= size)
            break;
        at = (const struct rtattr *)((const char *)at + step);
        size -= step;
    }
}

/* Copy up to `size` bytes of the attribute over `to`; false when it is not there. An older kernel's
 * structure is shorter: what it lacks stays as it was. */
static bool copy(const struct attributes *a, unsigned type, void *to, size_t size)
{
    const struct rtattr *at = a->of[type];
    if (!at)
        return false;
    size_t has = RTA_PAYLOAD(at);
    memcpy(to, RTA_DATA(at), has < size ? has : size);
    return true;
}

static void copy_text(const struct attributes *a, unsigned type, char *to, size_t size)
{
    const struct rtattr *at = a->of[type];
    if (!at)
        return;
    size_t has = strnlen(RTA_DATA(at), RTA_PAYLOAD(at));
    memset(to, 0, size);
    memcpy(to, RTA_DATA(at), has < size ? has : size - 1);
}

static uint32_t number(const struct attributes *a, unsigned type, uint32_t otherwise)
{
    copy(a, type, &otherwise, sizeof otherwise);
    return otherwise;
}

static void split_nested(const struct attributes *outer, unsigned type, struct attributes *a)
{
    const struct rtattr *at = outer->of[type];
    split(at ? RTA_DATA(at) : NULL, at ? RTA_PAYLOAD(at) : 0, a);
}

struct netdev *netdevs_find(const struct netdevs *devs, int index)
{
    for (size_t i = 0; i < devs->count; i++)
        if (devs->list[i].index == index)
            return (struct netdev *)&devs->list[i];
    return NULL;
}

static void take_link(struct netdevs *devs, const void *body, size_t size)
{
    struct ifinfomsg link;
    struct attributes a, info;
    struct rtnl_link_stats64 stats = { 0 };
    if (size < NLMSG_ALIGN(sizeof link))
        return;
    memcpy(&link, body, sizeof link);
    split((const char *)body + NLMSG_ALIGN(sizeof link), size - NLMSG_ALIGN(sizeof link), &a);
    struct netdev *dev = netdevs_find(devs, link.ifi_index);
    if (!dev && devs->count == NETDEV_MAX) {
        devs->is_cut = true;
        return;
    }
    if (!dev)
        dev = &devs->list[devs->count++];
    *dev = (struct netdev){
        .index = link.ifi_index, .flags = link.ifi_flags, .speed_mbit = NETDEV_NO_SPEED, .duplex = ""
    };
    copy_text(&a, IFLA_IFNAME, dev->name, sizeof dev->name);
    copy_text(&a, IFLA_QDISC, dev->qdisc, sizeof dev->qdisc);
    split_nested(&a, IFLA_LINKINFO, &info);
    copy_text(&info, IFLA_INFO_KIND, dev->kind, sizeof dev->kind);
    dev->mtu = number(&a, IFLA_MTU, 0);
    dev->master = (int)number(&a, IFLA_MASTER, 0);
    dev->rx_queues = (int)number(&a, IFLA_NUM_RX_QUEUES, 0);
    dev->tx_queues = (int)number(&a, IFLA_NUM_TX_QUEUES, 0);
    copy(&a, IFLA_STATS64, &stats, sizeof stats);
    dev->rx_bytes = stats.rx_bytes, dev->tx_bytes = stats.tx_bytes;
    dev->rx_errors = stats.rx_errors, dev->tx_errors = stats.tx_errors;
    dev->rx_dropped = stats.rx_dropped, dev->tx_dropped = stats.tx_dropped;
    dev->rx_crc_errors = stats.rx_crc_errors, dev->rx_frame_errors = stats.rx_frame_errors;
    dev->tx_carrier_errors = stats.tx_carrier_errors, dev->collisions = stats.collisions;
}

static void add_prefix(struct netdevs *devs, struct netdev_prefix *list, size_t *count, size_t most,
                       const struct netdev_prefix *prefix)
{
    if (*count == most)
        devs->is_cut = true;
    else
        list[(*count)++] = *prefix;
}

static void take_address(struct netdevs *devs, const void *body, size_t size)
{
    struct ifaddrmsg head;
    struct attributes a;
    if (size < NLMSG_ALIGN(sizeof head))
        return;
    memcpy(&head, body, sizeof head);
    split((const char *)body + NLMSG_ALIGN(sizeof head), size - NLMSG_ALIGN(sizeof head), &a);
    struct netdev_prefix address = { .index = (int)head.ifa_index,
                                     .family = head.ifa_family,
                                     .length = head.ifa_prefixlen };
    /* IFA_ADDRESS of a point-to-point device is that of its other end. */
    if (copy(&a, IFA_LOCAL, address.address, sizeof address.address) ||
        copy(&a, IFA_ADDRESS, address.address, sizeof address.address))
        add_prefix(devs, devs->addresses, &devs->address_count, NETDEV_ADDRESS_MAX, &address);
}

static void take_route(struct netdevs *devs, const void *body, size_t size)
{
    struct rtmsg head;
    struct attributes a;
    if (size < NLMSG_ALIGN(sizeof head))
        return;
    memcpy(&head, body, sizeof head);
    split((const char *)body + NLMSG_ALIGN(sizeof head), size - NLMSG_ALIGN(sizeof head), &a);
    if (number(&a, RTA_TABLE, head.rtm_table) != RT_TABLE_MAIN || head.rtm_type != RTN_UNICAST)
        return;
    struct netdev_prefix route = { .index = (int)number(&a, RTA_OIF, 0),
                                   .family = head.rtm_family,
                                   .length = head.rtm_dst_len,
                                   .metric = number(&a, RTA_PRIORITY, 0) };
    copy(&a, RTA_DST, route.address, sizeof route.address);
    if (route.index != 0)
        add_prefix(devs, devs->routes, &devs->route_count, NETDEV_ROUTE_MAX, &route);
}

/* The kernel tells rates in bytes a second, those above 32 bits in an attribute of their own. */
static struct netdev_shaper shaper_of(const struct tc_ratespec *spec, uint64_t rate64)
{
    uint64_t bytes = rate64 ? rate64 : spec->rate;
    return (struct netdev_shaper){ bytes < INT64_MAX / 8 ? (int64_t)bytes * 8 : 0, spec->overhead };
}

static void take_qdisc(struct netdevs *devs, const struct tcmsg *head, const struct attributes *a)
{
    struct attributes options;
    struct netdev *dev = netdevs_find(devs, head->tcm_ifindex);
    if (!dev || head->tcm_parent != TC_H_ROOT)
        return;
    split_nested(a, TCA_OPTIONS, &options);
    dev->root_handle = head->tcm_handle;
    if (strcmp(dev->qdisc, "tbf") == 0) {
        struct tc_tbf_qopt tbf = { 0 };
        uint64_t rate64 = 0;
        copy(&options, TCA_TBF_RATE64, &rate64, sizeof rate64);
        if (copy(&options, TCA_TBF_PARMS, &tbf, sizeof tbf))
            dev->shaper = shaper_of(&tbf.rate, rate64);
    } else if (strcmp(dev->qdisc, "htb") == 0) {
        struct tc_htb_glob glob = { 0 };
        if (copy(&options, TCA_HTB_INIT, &glob, sizeof glob) && glob.defcls)
            dev->default_class = TC_H_MAJ(head->tcm_handle) | TC_H_MIN(glob.defcls);
    }
}

/* htb: what nothing sorts goes through the default class, within its ceiling. Ceilings of the classes
 * above it are not looked at: they are no lower in any set-up that makes sense. */
static void take_class(struct netdevs *devs, const struct tcmsg *head, const struct attributes *a)
{
    struct attributes options;
    struct tc_htb_opt htb = { 0 };
    uint64_t ceil64 = 0;
    struct netdev *dev = netdevs_find(devs, head->tcm_ifindex);
    if (!dev || strcmp(dev->qdisc, "htb") != 0 || head->tcm_handle != dev->default_class)
        return;
    split_nested(a, TCA_OPTIONS, &options);
    copy(&options, TCA_HTB_CEIL64, &ceil64, sizeof ceil64);
    if (copy(&options, TCA_HTB_PARMS, &htb, sizeof htb))
        dev->shaper = shaper_of(&htb.ceil, ceil64);
}

static void take_traffic(struct netdevs *devs, unsigned type, const void *body, size_t size)
{
    struct tcmsg head;
    struct attributes a;
    if (size < NLMSG_ALIGN(sizeof head))
        return;
    memcpy(&head, body, sizeof head);
    split((const char *)body + NLMSG_ALIGN(sizeof head), size - NLMSG_ALIGN(sizeof head), &a);
    if (type == RTM_NEWQDISC)
        take_qdisc(devs, &head, &a);
    else
        take_class(devs, &head, &a);
}

bool netdevs_take(struct netdevs *devs, const void *datagram, size_t size, bool *is_last, struct err *e)
{
    const struct nlmsghdr *at = datagram;
    *is_last = false;
    while (size >= sizeof *at) {
        if (at->nlmsg_len < sizeof *at || at->nlmsg_len > size)
            return err_set(e, ERR_INTERNAL, "rtnetlink: a message of %u bytes in %zu", at->nlmsg_len, size);
        const void *body = NLMSG_DATA(at);
        size_t body_size = at->nlmsg_len - NLMSG_HDRLEN;
        switch (at->nlmsg_type) {
        case NLMSG_DONE: *is_last = true; return true;
        case NLMSG_ERROR: {
            struct nlmsgerr failure = { .error = 0 };
            memcpy(&failure, body, body_size < sizeof failure ? body_size : sizeof failure);
            return err_errno(e, -failure.error, "rtnetlink");
        }
        case RTM_NEWLINK: take_link(devs, body, body_size); break;
        case RTM_NEWADDR: take_address(devs, body, body_size); break;
        case RTM_NEWROUTE: take_route(devs, body, body_size); break;
        case RTM_NEWQDISC:
        case RTM_NEWTCLASS: take_traffic(devs, at->nlmsg_type, body, body_size); break;
        default: break;
        }
        size_t step = NLMSG_ALIGN(at->nlmsg_len);
        if (step >= size)
            break;
        at = (const struct nlmsghdr *)((const char *)at + step);
        size -= step;
    }
    return true;
}
