/* The provider libvirt against libvirt's own mock, test:///default, which needs no daemon: one domain
 * 'test', running; its state belongs to the connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "guests/libvirt/link.h"

extern const struct provider tare_provider;
static const struct provider *const provider = &tare_provider;

static int connect_to_mock(void **state)
{
    struct link *link = NULL;
    struct err e = { 0 };
    if (!provider->open("test:///default", true, &link, &e))
        fail_msg("%s", e.text);
    *state = link;
    return 0;
}

static int disconnect(void **state)
{
    struct link *link = *state;
    provider->close(&link);
    assert_null(link);
    return 0;
}

/* The next event of the domain 'test', within 5 s. */
static struct domain_event next_event(struct link *link)
{
    struct domain_event event = { .state = DOMAIN_STATE_COUNT };
    const int64_t deadline = clock_mono_ns() + clock_ms(5000);
    while (!provider->next_event(link, &event)) {
        assert_true(clock_mono_ns() < deadline);
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(5));
    }
    assert_string_equal(event.name, "test");
    return event;
}

static enum domain_state state_of(struct link *link, const char *name)
{
    struct domain domain;
    struct err e = { 0 };
    if (!provider->find(link, name, &domain, &e))
        fail_msg("%s", e.text);
    return domain.state;
}

static void the_domains_of_a_host_are_listed_with_their_facts(void **state)
{
    struct domain domains[4];
    struct provider_facts facts;
    struct err e = { 0 };
    size_t count = 0;
    assert_true(provider->domains(*state, domains, 4, &count, &e));
    assert_int_equal(count, 1);
    assert_string_equal(domains[0].name, "test");
    assert_int_equal(domains[0].state, DOMAIN_RUNNING);
    assert_true(domains[0].vcpus > 0 && domains[0].memory_bytes > 0);
    assert_false(domains[0].is_ours);
    assert_true(provider->domains(*state, domains, 0, &count, &e)); /* those over the limit are left out */
    assert_int_equal(count, 0);
    assert_true(provider->facts(*state, &facts, &e));
    assert_string_equal(facts.uri, "test:///default");
    assert_true(strlen(facts.product) > 0 && strchr(facts.library, '.'));
    assert_true(provider->is_alive(*state));
}

static void a_domain_that_is_not_there_is_named(void **state)
{
    struct domain domain;
    struct domain_statistics statistics;
    struct err e = { 0 };
    assert_false(provider->find(*state, "nobody", &domain, &e));
    assert_non_null(strstr(e.text, "nobody"));
    assert_false(provider->start(*state, "nobody", &e));
    assert_false(provider->statistics(*state, "nobody", true, &statistics, &e));
    assert_true(provider->stop(*state, "nobody", true, clock_ms(100), &e)); /* it is gone as it should be */
}

static void a_domain_is_shut_down_and_started_and_both_are_told(void **state)
{
    struct err e = { 0 };
    struct domain_event event;
    assert_true(provider->stop(*state, "test", false, clock_ms(5000), &e));
    assert_int_equal(state_of(*state, "test"), DOMAIN_OFF);
    event = next_event(*state);
    assert_int_equal(event.state, DOMAIN_OFF);
    assert_string_equal(event.how, "shut down");
    assert_true(provider->stop(*state, "test", true, clock_ms(100), &e)); /* again changes nothing */
    assert_true(provider->start(*state, "test", &e));
    assert_int_equal(state_of(*state, "test"), DOMAIN_RUNNING);
    assert_int_equal(next_event(*state).state, DOMAIN_RUNNING);
    assert_false(provider->start(*state, "test", &e)); /* it runs */
}

static void what_somebody_else_does_to_a_domain_is_told(void **state)
{
    struct link *link = *state;
    struct domain_event event;
    virDomainPtr domain = virDomainLookupByName(link->connection, "test");
    assert_non_null(domain);
    assert_int_equal(virDomainSuspend(domain), 0);
    event = next_event(link);
    assert_int_equal(event.state, DOMAIN_PAUSED);
    assert_string_equal(event.how, "was paused");
    assert_int_equal(state_of(link, "test"), DOMAIN_PAUSED);
    assert_int_equal(virDomainResume(domain), 0);
    assert_int_equal(next_event(link).state, DOMAIN_RUNNING);
    assert_int_equal(virDomainDestroy(domain), 0);
    event = next_event(link);
    assert_int_equal(event.state, DOMAIN_OFF);
    assert_string_equal(event.how, "was destroyed");
    assert_int_equal(virDomainUndefine(domain), 0);
    event = next_event(link);
    assert_int_equal(event.state, DOMAIN_OFF); /* for a trial it is gone */
    assert_string_equal(event.how, "was undefined");
    virDomainFree(domain);
}

static void a_flood_of_events_is_cut_not_kept(void **state)
{
    struct link *link = *state;
    struct domain_event event;
    virDomainPtr domain = virDomainLookupByName(link->connection, "test");
    for (int i = 0; i < LINK_EVENTS; i++) {
        assert_int_equal(virDomainSuspend(domain), 0);
        assert_int_equal(virDomainResume(domain), 0);
    }
    virDomainFree(domain);
    size_t count = 0;
    for (int64_t until = clock_mono_ns() + clock_ms(300); clock_mono_ns() < until;)
        if (provider->next_event(link, &event))
            count++;
        else
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(2));
    assert_in_range(count, 1, 2 * LINK_EVENTS);
}

static void statistics_that_a_product_does_not_tell_are_minus_one(void **state)
{
    struct domain_statistics s;
    struct err e = { 0 };
    assert_true(provider->statistics(*state, "test", true, &s, &e));
    assert_int_equal(s.state, DOMAIN_RUNNING);
    assert_int_equal(s.exits, -1);
    assert_true(provider->statistics(*state, "test", false, &s, &e));
    assert_int_equal(s.exits, -1);
    assert_int_equal(s.halt_poll_ns, -1);
}

static void a_guest_that_the_product_cannot_run_is_refused_in_its_words(void **state)
{
    struct guest_options options;
    struct err e = { 0 };
    struct domain domain;
    schema_defaults(&GUEST_SCHEMA, &options);
    const struct machine machine = { .name = "tare-x",
                                     .options = &options,
                                     .kernel = "/k",
                                     .initrd = "/i",
                                     .command_line = "",
                                     .console = "/c",
                                     .disk = "",
                                     .bridge = "br0" };
    assert_false(provider->create(*state, &machine, &e));
    assert_true(strlen(e.text) > 0);
    assert_null(strchr(e.text, '\n'));
    assert_false(provider->find(*state, "tare-x", &domain, &e));
}

static void an_address_that_leads_nowhere_is_refused_with_it(void **state)
{
    struct link *link = NULL;
    struct err e = { 0 };
    (void)state;
    assert_false(provider->open("nonsense:///x", false, &link, &e));
    assert_null(link);
    assert_non_null(strstr(e.text, "nonsense:///x"));
}

int main(void)
{
#define WITH_MOCK(test) cmocka_unit_test_setup_teardown(test, connect_to_mock, disconnect)
    const struct CMUnitTest tests[] = {
        WITH_MOCK(the_domains_of_a_host_are_listed_with_their_facts),
        WITH_MOCK(a_domain_that_is_not_there_is_named),
        WITH_MOCK(a_domain_is_shut_down_and_started_and_both_are_told),
        WITH_MOCK(what_somebody_else_does_to_a_domain_is_told),
        WITH_MOCK(a_flood_of_events_is_cut_not_kept),
        WITH_MOCK(statistics_that_a_product_does_not_tell_are_minus_one),
        WITH_MOCK(a_guest_that_the_product_cannot_run_is_refused_in_its_words),
        cmocka_unit_test(an_address_that_leads_nowhere_is_refused_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
