#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>

#include "base/ip.h"
#include "base/random.h"
#include "base/text.h"

/* With the C library as the judge. */
static void check(const char *text, const char *plain)
{
    unsigned char wanted[16] = { 0 };
    struct ip a;
    int family = strchr(plain, ':') ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(family, plain, wanted), 1);
    if (!ip_parse(text, &a))
        fail_msg("'%s' is refused", text);
    assert_int_equal(a.size, family == AF_INET ? 4 : 16);
    assert_memory_equal(a.bytes, wanted, (size_t)a.size);
}

static void addresses_are_read_in_each_form(void **unused)
{
    (void)unused;
    static const char *const TEXTS[][2] = {
        { "10.77.0.2", "10.77.0.2" },
        { "10.77.0.2:40112", "10.77.0.2" },
        { "255.255.255.255", "255.255.255.255" },
        { "::", "::" },
        { "::1", "::1" },
        { "fd00::", "fd00::" },
        { "fd00::1", "fd00::1" },
        { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
        { "1::8", "1::8" },
        { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7::" },
        { "::2:3:4:5:6:7:8", "::2:3:4:5:6:7:8" },
        { "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
        { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:1.2.3.4" },
        { "FE80::ABCD%eth0", "fe80::abcd" },
        { "[fe80::1%eth0]:5670", "fe80::1" },
        { "[fd00::1]", "fd00::1" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++)
        check(TEXTS[i][0], TEXTS[i][1]);
}

static void what_is_no_address_is_refused(void **unused)
{
    (void)unused;
    static const char *const TEXTS[] = { "",
                                         "host",
                                         "10.77.0",
                                         "10.77.0.256",
                                         "10.77.0.2.3",
                                         "10.77.0.2:",
                                         "10.77.0.2:70000",
                                         "10.77.0.2/24",
                                         " 10.77.0.2",
                                         "+1.2.3.4",
                                         "1:2",
                                         "1:2:3:4:5:6:7:8:9",
                                         "1:2:3:4:5:6:7:8::",
                                         "::1::2",
                                         ":::",
                                         "1:2:3:4:5:6:7:12345",
                                         "[fd00::1",
                                         "fd00::1]" };
    struct ip a = { .size = 99 };
    for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++)
        if (ip_parse(TEXTS[i], &a))
            fail_msg("'%s' is taken", TEXTS[i]);
    assert_int_equal(a.size, 99); /* untouched */
}

static void every_address_that_is_printed_is_read_back(void **unused)
{
    (void)unused;
    struct random random = { 5 };
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[16] = { 0 };
        char text[INET6_ADDRSTRLEN];
        struct ip a;
        for (int k = 0; k < 16; k++) /* many zeros, so that there are gaps */
            bytes[k] = random_below(&random, 3) ? 0 : (unsigned char)random_below(&random, 256);
        int family = i % 2 ? AF_INET : AF_INET6;
        inet_ntop(family, bytes, text, sizeof text);
        if (!ip_parse(text, &a))
            fail_msg("'%s' is refused", text);
        assert_memory_equal(a.bytes, bytes, (size_t)a.size);
    }
}

static bool is_in(const char *address, const char *prefix)
{
    struct ip a, p;
    int length;
    assert_true(ip_parse(address, &a) && ip_parse_prefix(prefix, &p, &length));
    return ip_is_in(&a, &p, length);
}

static void a_prefix_holds_what_begins_like_it(void **unused)
{
    (void)unused;
    assert_true(is_in("10.77.0.2", "10.77.0.0/24"));
    assert_false(is_in("10.77.1.2", "10.77.0.0/24"));
    assert_true(is_in("10.77.1.2", "10.77.0.0/23"));
    assert_false(is_in("10.77.2.2", "10.77.0.0/23"));
    assert_true(is_in("10.77.2.2", "0.0.0.0/0"));
    assert_true(is_in("10.77.2.2", "10.77.2.2"));
    assert_true(is_in("fd00::2", "fd00::/64"));
    assert_false(is_in("fd00:0:0:1::2", "fd00::/64"));
    assert_false(is_in("fd00::2", "0.0.0.0/0")); /* another family */
    struct ip p;
    int length = 7;
    assert_false(ip_parse_prefix("10.0.0.0/33", &p, &length));
    assert_false(ip_parse_prefix("10.0.0.0/", &p, &length));
    assert_false(ip_parse_prefix("10.0.0.0/8x", &p, &length));
    assert_int_equal(length, 7);
}

static void an_address_is_told_from_its_port(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *address;
        uint16_t port; /* 7: none is said */
    } GOOD[] = {
        { "10.77.0.2", "10.77.0.2", 7 },       { "10.77.0.2:80", "10.77.0.2", 80 },
        { "fd00::1", "fd00::1", 7 },           { "[fd00::1]:65535", "fd00::1", 65535 },
        { "fe80::1%eth0", "fe80::1%eth0", 7 }, { "[fe80::1%eth0]:1", "fe80::1%eth0", 1 },
    };
    char address[16];
    uint16_t port;
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        port = 7;
        assert_true(ip_split(GOOD[i].text, address, sizeof address, &port));
        assert_string_equal(address, GOOD[i].address);
        assert_int_equal(port, GOOD[i].port);
    }
    port = 7;
    assert_false(ip_split("10.77.0.2:65536", address, sizeof address, &port));
    assert_false(ip_split("10.77.0.2:", address, sizeof address, &port));
    assert_false(ip_split("web1:80", address, sizeof address, &port));
    assert_false(ip_split("fd00:1111:2222:3333::1", address, sizeof address, &port)); /* no room */
    assert_int_equal(port, 7);
}

static void only_an_address_that_means_one_machine_everywhere_is_reachable(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *because; /* NULL: it is */
    } CASES[] = {
        { "10.0.0.7", NULL },          { "127.0.0.1", NULL },
        { "fd00::7", NULL },           { "::1", NULL },
        { "10.0.0.7:80", "is no IP" }, { "[fd00::7]", "is no IP" },
        { "peer", "is no IP" },        { "fe80::1%eth0", "is no IP" },
        { "fe80::1", "link-local" },   { "169.254.1.1", "link-l" },
        { "0.0.0.0", "any address" },  { "::", "any address" },
        { "224.0.0.1", "one mach" },   { "255.255.255.255", "one ma" },
        { "ff02::1", "one machine" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct err e = { 0 };
        struct ip ip;
        bool ok = ip_check_reachable(CASES[i].text, &ip, &e);
        if (CASES[i].because ? ok || !strstr(e.text, CASES[i].because) : !ok)
            fail_msg("%s: %s", CASES[i].text, ok ? "is reachable" : e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_in_each_form),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(every_address_that_is_printed_is_read_back),
        cmocka_unit_test(a_prefix_holds_what_begins_like_it),
        cmocka_unit_test(an_address_is_told_from_its_port),
        cmocka_unit_test(only_an_address_that_means_one_machine_everywhere_is_reachable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
