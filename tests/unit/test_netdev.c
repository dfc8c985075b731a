/* rtnetlink's words, made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/random.h"
#include "observe/netdev.h"

enum { ROOM = 4096, CARD = 2, BRIDGE = 3, TAP = 4 };

static _Alignas(struct nlmsghdr) unsigned char datagram[ROOM];
static size_t used, message_at, nest_at;

static void *grow(size_t size)
{
    void *at = datagram + used;
    assert_true(used + NLMSG_ALIGN(size) <= ROOM);
    memset(at, 0, NLMSG_ALIGN(size));
    used += NLMSG_ALIGN(size);
    ((struct nlmsghdr *)(datagram + message_at))->nlmsg_len = (uint32_t)(used - message_at);
    return at;
}

static void begin(uint16_t type, const void *body, size_t size)
{
    message_at = used;
    *(struct nlmsghdr *)grow(sizeof(struct nlmsghdr)) = (struct nlmsghdr){ .nlmsg_type = type };
    memcpy(grow(size), body, size);
}

static void attribute(uint16_t type, const void *value, size_t size)
{
    struct rtattr *at = grow(sizeof *at + size);
    *at = (struct rtattr){ (unsigned short)RTA_LENGTH(size), type };
    memcpy(RTA_DATA(at), value, size);
}

static void attribute_number(uint16_t type, uint32_t value) { attribute(type, &value, sizeof value); }
static void attribute_text(uint16_t type, const char *text) { attribute(type, text, strlen(text) + 1); }

static void nest(uint16_t type)
{
    nest_at = used;
    *(struct rtattr *)grow(sizeof(struct rtattr)) = (struct rtattr){ 0, (unsigned short)(type | NLA_F_NESTED) };
}
static void nest_end(void) { ((struct rtattr *)(datagram + nest_at))->rta_len = (unsigned short)(used - nest_at); }

static void device(int index, const char *name, const char *kind, const char *qdisc, int master)
{
    begin(RTM_NEWLINK, &(struct ifinfomsg){ .ifi_index = index, .ifi_flags = IFF_UP }, sizeof(struct ifinfomsg));
    attribute_text(IFLA_IFNAME, name);
    attribute_text(IFLA_QDISC, qdisc);
    attribute_number(IFLA_MTU, 1500);
    attribute_number(IFLA_NUM_TX_QUEUES, 4);
    if (master)
        attribute_number(IFLA_MASTER, (uint32_t)master);
    if (*kind) {
        nest(IFLA_LINKINFO);
        attribute_text(IFLA_INFO_KIND, kind);
        nest_end();
    }
}

static void traffic(uint16_t type, int index, uint32_t handle, uint32_t parent)
{
    const struct tcmsg head = { .tcm_ifindex = index, .tcm_handle = handle, .tcm_parent = parent };
    begin(type, &head, sizeof head);
}

static void tbf(int index, uint32_t bytes_per_s, uint16_t overhead, uint64_t rate64)
{
    traffic(RTM_NEWQDISC, index, 0x10000, TC_H_ROOT);
    nest(TCA_OPTIONS);
    const struct tc_tbf_qopt options = { .rate = { .rate = bytes_per_s, .overhead = overhead } };
    attribute(TCA_TBF_PARMS, &options, sizeof options);
    if (rate64)
        attribute(TCA_TBF_RATE64, &rate64, sizeof rate64);
    nest_end();
}

static void htb_class(int index, uint32_t handle, uint32_t ceil_bytes)
{
    traffic(RTM_NEWTCLASS, index, handle, 0x10000);
    nest(TCA_OPTIONS);
    const struct tc_htb_opt options = { .rate = { .rate = 1 }, .ceil = { .rate = ceil_bytes } };
    attribute(TCA_HTB_PARMS, &options, sizeof options);
    nest_end();
}

static void prefix(uint16_t type, int index, const unsigned char address[4], unsigned char length, uint16_t where)
{
    if (type == RTM_NEWADDR) {
        const struct ifaddrmsg head = { .ifa_family = AF_INET, .ifa_prefixlen = length, .ifa_index = (unsigned)index };
        begin(type, &head, sizeof head);
    } else {
        const struct rtmsg head = {
            .rtm_family = AF_INET, .rtm_dst_len = length, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST
        };
        begin(type, &head, sizeof head);
        attribute_number(RTA_OIF, (uint32_t)index);
    }
    attribute(where, address, 4);
}

static const unsigned char HERE[] = { 10, 77, 0, 2 }, NET[] = { 10, 77, 0, 0 }, FAR_END[] = { 10, 77, 0, 9 };

/* As the host of the lab has them. */
static void the_lab(void)
{
    used = 0;
    device(1, "lo", "", "noqueue", 0);
    ((struct ifinfomsg *)NLMSG_DATA((struct nlmsghdr *)datagram))->ifi_flags |= IFF_LOOPBACK;
    device(CARD, "eth0", "veth", "tbf", BRIDGE);
    device(BRIDGE, "br0", "bridge", "noqueue", 0);
    device(TAP, "tap\"0", "tun", "htb", 0);
    prefix(RTM_NEWADDR, BRIDGE, HERE, 24, IFA_ADDRESS);
    prefix(RTM_NEWROUTE, BRIDGE, NET, 24, RTA_DST);
    attribute_number(RTA_PRIORITY, 7);
    tbf(CARD, 12500000, 24, 0);
    traffic(RTM_NEWQDISC, TAP, 0x10000, TC_H_ROOT);
    nest(TCA_OPTIONS);
    const struct tc_htb_glob glob = { .defcls = 0x20 };
    attribute(TCA_HTB_INIT, &glob, sizeof glob);
    nest_end();
    htb_class(TAP, 0x10010, 1);
    htb_class(TAP, 0x10020, 6250000);
}

static void done(void)
{
    const int status = 0;
    begin(NLMSG_DONE, &status, sizeof status);
}

static bool take(struct netdevs *devs)
{
    struct err e = { 0 };
    bool is_last = false;
    memset(devs, 0, sizeof *devs);
    if (!netdevs_take(devs, datagram, used, &is_last, &e))
        fail_msg("%s", e.text);
    return is_last;
}

static struct netdevs devs;

static void what_shapes_a_device_is_read(void **unused)
{
    (void)unused;
    the_lab();
    assert_false(take(&devs));
    const struct netdev *card = netdevs_find(&devs, CARD), *tap = netdevs_find(&devs, TAP);
    assert_string_equal(card->qdisc, "tbf");
    assert_int_equal(card->shaper.bits_per_s, 100000000);
    assert_int_equal(card->shaper.overhead, 24);
    assert_int_equal(card->tx_queues, 4);
    assert_int_equal(card->master, BRIDGE);
    assert_int_equal(tap->shaper.bits_per_s, 50000000); /* of the default class, not of another */
    assert_int_equal(netdevs_find(&devs, BRIDGE)->shaper.bits_per_s, 0);
    assert_string_equal(netdevs_find(&devs, BRIDGE)->kind, "bridge");
    done();
    assert_true(take(&devs));
}

static void rates_above_32_bits_have_an_attribute_of_their_own(void **unused)
{
    (void)unused;
    used = 0;
    device(CARD, "eth0", "", "tbf", 0);
    tbf(CARD, UINT32_MAX, 0, UINT64_C(12500000000));
    take(&devs);
    assert_true(netdevs_find(&devs, CARD)->shaper.bits_per_s == INT64_C(100000000000));
    used = 0;
    device(CARD, "eth0", "", "tbf", 0);
    tbf(CARD, 1, 0, UINT64_MAX); /* no rate at all */
    take(&devs);
    assert_int_equal(netdevs_find(&devs, CARD)->shaper.bits_per_s, 0);
}

static void a_shaper_below_the_root_says_nothing_of_the_device(void **unused)
{
    (void)unused;
    used = 0;
    device(CARD, "eth0", "", "tbf", 0);
    tbf(CARD, 1000, 0, 0);
    ((struct tcmsg *)NLMSG_DATA((struct nlmsghdr *)(datagram + message_at)))->tcm_parent = 0x10001;
    take(&devs);
    assert_int_equal(netdevs_find(&devs, CARD)->shaper.bits_per_s, 0);
}

static void only_unicast_routes_of_the_main_table_lead_anywhere(void **unused)
{
    (void)unused;
    the_lab();
    prefix(RTM_NEWROUTE, CARD, FAR_END, 32, RTA_DST);
    ((struct rtmsg *)NLMSG_DATA((struct nlmsghdr *)(datagram + message_at)))->rtm_type = RTN_LOCAL;
    prefix(RTM_NEWROUTE, CARD, FAR_END, 32, RTA_DST);
    attribute_number(RTA_TABLE, 1000);
    take(&devs);
    assert_int_equal(devs.route_count, 1);
    assert_int_equal(devs.routes[0].metric, 7);
    assert_int_equal(devs.routes[0].index, BRIDGE);
    assert_memory_equal(devs.routes[0].address, NET, 4);
}

static void an_address_is_this_ends_own(void **unused)
{
    (void)unused;
    used = 0;
    device(CARD, "tun0", "tun", "noqueue", 0);
    prefix(RTM_NEWADDR, CARD, FAR_END, 32, IFA_ADDRESS);
    attribute(IFA_LOCAL, HERE, 4);
    take(&devs);
    assert_int_equal(devs.address_count, 1);
    assert_memory_equal(devs.addresses[0].address, HERE, 4);
}

static void the_fingerprint_tells_used_devices_in_full_and_others_in_brief(void **unused)
{
    (void)unused;
    static char json[8192];
    struct object_text text;
    the_lab();
    take(&devs);
    netdevs_find(&devs, CARD)->rx_crc_errors = 3;
    netdevs_find(&devs, CARD)->duplex = "half";
    assert_true(object_text_open(&text, json, sizeof json));
    netdevs_write(&devs, &text);
    object_text_close(&text);
    json_t *f = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *links = json_object_get(f, "links");
    assert_int_equal(json_array_size(links), 3); /* no loopback */
    json_t *card = json_array_get(links, 0), *bridge = json_array_get(links, 1), *tap = json_array_get(links, 2);
    assert_string_equal(json_string_value(json_object_get(card, "master")), "br0");
    assert_string_equal(json_string_value(json_object_get(card, "duplex")), "half");
    assert_int_equal(json_integer_value(json_object_get(card, "shaped_bit_s")), 100000000);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(card, "errors"), "rx_crc_errors")), 3);
    assert_string_equal(json_string_value(json_array_get(json_object_get(bridge, "addresses"), 0)), "10.77.0.2/24");
    assert_string_equal(json_string_value(json_object_get(tap, "name")), "tap\"0");
    assert_null(json_object_get(tap, "qdisc"));
    assert_string_equal(json_string_value(json_array_get(json_object_get(f, "routes"), 0)), "10.77.0.0/24 br0 7");
    assert_null(json_object_get(f, "links_cut"));
    json_decref(f);
}

static void more_devices_than_there_is_room_for_are_told(void **unused)
{
    (void)unused;
    static char json[8192];
    struct object_text text;
    memset(&devs, 0, sizeof devs);
    for (int i = 0; i < NETDEV_MAX + 5; i++) {
        struct err e = { 0 };
        bool is_last;
        used = 0;
        device(i + 1, "veth-of-someone", "veth", "noqueue", 0);
        assert_true(netdevs_take(&devs, datagram, used, &is_last, &e));
    }
    assert_int_equal(devs.count, NETDEV_MAX);
    assert_true(object_text_open(&text, json, sizeof json));
    netdevs_write(&devs, &text);
    object_text_close(&text);
    json_t *f = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_true(json_object_get(f, "links_cut")));
    json_decref(f);
}

static void faults_that_were_counted_in_between_are_told(void **unused)
{
    (void)unused;
    static struct netdevs before;
    char text[256];
    the_lab();
    take(&before);
    take(&devs);
    netdevs_tell_errors(&before, &devs, text, sizeof text);
    assert_string_equal(text, "");
    netdevs_find(&devs, CARD)->rx_crc_errors = 3;
    netdevs_find(&devs, CARD)->collisions = 12;
    netdevs_find(&devs, BRIDGE)->tx_errors = 1;
    netdevs_find(&devs, TAP)->rx_dropped = 100; /* no fault */
    netdevs_tell_errors(&before, &devs, text, sizeof text);
    assert_string_equal(text, "eth0: 3 rx_crc_errors, 12 collisions; br0: 1 tx_errors");
}

static void the_kernels_refusal_is_an_error(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    bool is_last;
    const struct nlmsgerr refusal = { .error = -95 };
    used = 0;
    begin(NLMSG_ERROR, &refusal, sizeof refusal);
    assert_false(netdevs_take(&devs, datagram, used, &is_last, &e));
    assert_non_null(strstr(e.text, "not supported"));
}

/* Cut anywhere, and with bytes changed: nothing is read outside (the sanitizers look on). */
static void nothing_outside_a_datagram_is_read(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    bool is_last;
    struct random random = { 7 };
    the_lab();
    for (size_t size = 0; size <= used; size++) {
        void *copy = malloc(size ? size : 1);
        memcpy(copy, datagram, size);
        (void)!netdevs_take(&devs, copy, size, &is_last, &e);
        for (int i = 0; i < 8 && size > 0; i++)
            ((unsigned char *)copy)[random_below(&random, size)] = (unsigned char)random_below(&random, 256);
        (void)!netdevs_take(&devs, copy, size, &is_last, &e);
        free(copy);
    }
    assert_true(devs.count <= NETDEV_MAX);
}

static void this_machine_has_a_loopback(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    if (!netdevs_read(&devs, &e))
        fail_msg("%s", e.text);
    bool found = false;
    for (size_t i = 0; i < devs.count; i++)
        found |= strcmp(devs.list[i].name, "lo") == 0 && (devs.list[i].flags & IFF_LOOPBACK) != 0;
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_shapes_a_device_is_read),
        cmocka_unit_test(rates_above_32_bits_have_an_attribute_of_their_own),
        cmocka_unit_test(a_shaper_below_the_root_says_nothing_of_the_device),
        cmocka_unit_test(only_unicast_routes_of_the_main_table_lead_anywhere),
        cmocka_unit_test(an_address_is_this_ends_own),
        cmocka_unit_test(the_fingerprint_tells_used_devices_in_full_and_others_in_brief),
        cmocka_unit_test(more_devices_than_there_is_room_for_are_told),
        cmocka_unit_test(faults_that_were_counted_in_between_are_told),
        cmocka_unit_test(the_kernels_refusal_is_an_error),
        cmocka_unit_test(nothing_outside_a_datagram_is_read),
        cmocka_unit_test(this_machine_has_a_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
