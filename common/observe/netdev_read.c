/* netdev_read.c - what the kernel is asked: dumps of rtnetlink, and the ethtool ioctls. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "observe/netdev.h"

enum { DATAGRAM_MAX = 32 * 1024, ANSWER_S = 1 };

/* ---- rtnetlink ---- */

struct question {
    struct nlmsghdr head;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
        struct rtmsg route;
        struct tcmsg traffic;
    };
};

static bool ask(int fd, uint16_t type, int index, struct netdevs *devs, struct err *e)
{
    _Alignas(struct nlmsghdr) char datagram[DATAGRAM_MAX];
    struct question q = { .head = {
                              .nlmsg_len = sizeof q, .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
    q.traffic.tcm_ifindex = index;
    if (send(fd, &q, sizeof q, 0) < 0)
        return err_errno(e, errno, "rtnetlink does not take a question");
    for (bool is_last = false; !is_last;) {
        ssize_t got = recv(fd, datagram, sizeof datagram, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, errno, "rtnetlink does not answer");
        if (!netdevs_take(devs, datagram, (size_t)got, &is_last, e))
            return false;
    }
    return true;
}

static bool ask_all(int fd, struct netdevs *devs, struct err *e)
{
    static const uint16_t DUMPS[] = { RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETQDISC };
    const struct timeval answer = { .tv_sec = ANSWER_S };
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &answer, sizeof answer) != 0)
        return err_errno(e, errno, "rtnetlink: no deadline");
    for (size_t i = 0; i < ARRAY_SIZE(DUMPS); i++)
        if (!ask(fd, DUMPS[i], 0, devs, e))
            return false;
    for (size_t i = 0; i < devs->count; i++)
        if (devs->list[i].default_class != 0 && !ask(fd, RTM_GETTCLASS, devs->list[i].index, devs, e))
            return false;
    return true;
}

/* ---- ethtool ---- */

static bool ethtool(int fd, const struct netdev *dev, void *command)
{
    struct ifreq request = { .ifr_data = command };
    memcpy(request.ifr_name, dev->name, sizeof request.ifr_name);
    return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

/* Made of software, its speed is a number that its author liked: veth says 10 Gbit/s. */
static bool has_wire(const struct netdev *dev)
{
    static const char *const KINDS[] = { "", "bond", "team", "vlan" };
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (strcmp(dev->kind, KINDS[i]) == 0)
            return true;
    return false;
}

static void look_at(int fd, struct netdev *dev)
{
#define COMMAND(name, word, command) ETHTOOL_##command,
    static const uint32_t OFFLOADS[] = { NETDEV_OFFLOADS(COMMAND) };
    struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
    struct ethtool_cmd settings = { .cmd = ETHTOOL_GSET };
    struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
    union {
        struct ethtool_link_settings head;
        char room[sizeof(struct ethtool_link_settings) + 3UL * INT8_MAX * sizeof(uint32_t)]; /* for the masks */
    } link = { .head = { .cmd = ETHTOOL_GLINKSETTINGS } };
    if (ethtool(fd, dev, &driver))
        text_copy(dev->driver, sizeof dev->driver, driver.driver);
    for (size_t i = 0; i < ARRAY_SIZE(OFFLOADS); i++) {
        struct ethtool_value value = { .cmd = OFFLOADS[i] };
        if (ethtool(fd, dev, &value) && value.data)
            dev->offloads |= 1U << i;
    }
    if (ethtool(fd, dev, &channels) && channels.combined_count + channels.rx_count + channels.tx_count > 0) {
        dev->rx_queues = (int)(channels.combined_count + channels.rx_count);
        dev->tx_queues = (int)(channels.combined_count + channels.tx_count);
    }
    uint32_t speed = (uint32_t)SPEED_UNKNOWN;
    uint8_t duplex = DUPLEX_UNKNOWN;
    if (!has_wire(dev))
        return;
    /* Asked with no masks, the kernel answers how many words they have, as a negative number; with as
     * many the second question is answered. Drivers of before 2016 know GSET only. */
    if (ethtool(fd, dev, &link) && link.head.link_mode_masks_nwords < 0) {
        link.head = (struct ethtool_link_settings){ .cmd = ETHTOOL_GLINKSETTINGS,
                                                    .link_mode_masks_nwords = (__s8)-link.head.link_mode_masks_nwords };
        if (ethtool(fd, dev, &link)) {
            speed = link.head.speed;
            duplex = link.head.duplex;
        }
    } else if (ethtool(fd, dev, &settings)) {
        speed = ethtool_cmd_speed(&settings);
        duplex = settings.duplex;
    }
    if (speed != 0 && speed != (uint32_t)SPEED_UNKNOWN && speed != UINT16_MAX)
        dev->speed_mbit = speed;
    dev->duplex = duplex == DUPLEX_FULL ? "full" : duplex == DUPLEX_HALF ? "half" : "";
}

bool netdevs_read(struct netdevs *devs, struct err *e)
{
    memset(devs, 0, sizeof *devs);
    int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (route < 0)
        return err_errno(e, errno, "no rtnetlink socket");
    bool ok = ask_all(route, devs, e);
    close(route);
    int any = ok ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (any < 0 && ok)
        any = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* a kernel without IPv4 */
    if (any < 0)
        return ok; /* without what ethtool would have said */
    for (size_t i = 0; i < devs->count; i++)
        look_at(any, &devs->list[i]);
    close(any);
    return true;
}
