#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "endpoint.h"

static const struct endpoint_address ETH = { "eth0", "192.0.2.7", false }, DOCKER = { "docker0", "172.17.0.1", false },
                                     SECOND = { "eth0", "192.0.2.8", false }, V6 = { "eth0", "2001:db8::7", true };

static const char ROUTES[] = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
                             "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
                             "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                             "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                             "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";

static void the_default_route_of_the_lowest_metric_counts(void **unused)
{
    (void)unused;
    char interface[16] = "untouched";
    endpoint_default_interface(ROUTES, interface, sizeof interface);
    assert_string_equal(interface, "eth0");
    static const char *const NONE[] = { "",
                                        "Iface\n",
                                        "Iface",
                                        "Iface\n\n\n",
                                        "Iface\nx\ny z\n",
                                        "Iface\na_name_that_is_longer_than_any 0 0 0 0 0 0 0\n" };
    for (size_t i = 0; i < ARRAY_SIZE(NONE); i++) {
        endpoint_default_interface(NONE[i], interface, sizeof interface);
        assert_string_equal(interface, "");
    }
}

static void chosen(const struct endpoint_address *list, size_t count, const char *interface, const char *endpoint)
{
    char got[KEY_ENDPOINT], why[160];
    struct err e = { 0 };
    if (!endpoint_choose(list, count, interface, 5670, got, why, sizeof why, &e))
        fail_msg("%s", e.text);
    assert_string_equal(got, endpoint);
    assert_true(*why != '\0');
}

static void not_chosen(const struct endpoint_address *list, size_t count, const char *interface, const char *because)
{
    char got[KEY_ENDPOINT] = "untouched", why[160];
    struct err e = { 0 };
    assert_false(endpoint_choose(list, count, interface, 5670, got, why, sizeof why, &e));
    assert_string_equal(got, "untouched");
    if (!strstr(e.text, because))
        fail_msg("says '%s', not '%s'", e.text, because);
}

static void one_address_is_chosen_and_several_are_listed(void **unused)
{
    (void)unused;
    const struct endpoint_address list[] = { DOCKER, ETH, V6 }, two[] = { ETH, SECOND, DOCKER };
    chosen(&list[1], 1, "", "tcp://192.0.2.7:5670");
    chosen(list, 3, "eth0", "tcp://192.0.2.7:5670");
    chosen(&list[2], 1, "", "tcp://[2001:db8::7]:5670");
    chosen(&list[1], 2, "ppp0", "tcp://192.0.2.7:5670"); /* a default route without an address */
    not_chosen(list, 3, "", "several addresses: 172.17.0.1 (docker0), 192.0.2.7 (eth0)");
    not_chosen(two, 3, "eth0", "192.0.2.8 (eth0)");
    not_chosen(NULL, 0, "", "127.0.0.1");
}

static void an_endpoint_has_an_address_and_a_port(void **unused)
{
    (void)unused;
    unsigned port = 0;
    struct err e = { 0 };
    static const char *const GOOD[] = { "tcp://192.0.2.7:5670", "tcp://a.example:1", "tcp://[::1]:65535" };
    static const char *const BAD[] = { "",
                                       "tcp://",
                                       "192.0.2.7:5670",
                                       "tcp://192.0.2.7",
                                       "tcp://:5670",
                                       "tcp://a:0",
                                       "tcp://a:65536",
                                       "tcp://a:-1",
                                       "tcp://a: 1",
                                       "tcp://a:1x",
                                       "tcp://*:5670",
                                       "tcp://a b:1",
                                       "tcp://::1:5670",
                                       "tcp://a\n:1",
                                       "udp://a:1" };
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++)
        assert_true(endpoint_check(GOOD[i], &port, &e) && port > 0);
    assert_int_equal(port, 65535);
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++)
        if (endpoint_check(BAD[i], &port, &e))
            fail_msg("'%s' is accepted", BAD[i]);
    assert_int_equal(port, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_route_of_the_lowest_metric_counts),
        cmocka_unit_test(one_address_is_chosen_and_several_are_listed),
        cmocka_unit_test(an_endpoint_has_an_address_and_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
