/* What the label says of a host that was made comparable to its guest: confined, or booted as small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "compared_run.h"
#include "result/label_confined.h"

#define MIB_384 "402653184"
#define HOST_SIZE(more) "{\"cpus_allowed\": \"0-3\", \"memory_bytes\": 8589934592" more "}"
#define GUEST_SIZE "{\"cpus_allowed\": \"0\", \"memory_bytes\": 536870912, \"memory_available_bytes\": " MIB_384 "}"

static const struct confined NOT = { .how = CONFINED_NOT };

static struct label label_with_both(const char *host, const struct confined *confined, const struct confined *guests)
{
    struct run *run = lab_run();
    struct facts *facts = NULL;
    struct err e = { 0 };
    struct label label;
    set_facts(run, HOST, host);
    set_facts(run, GUEST, GUEST_SIZE);
    assert_true(facts_of(run, &facts, &e));
    const struct label_side base = { run, facts, "host", "peer" }, with = { run, facts, "guest", "peer" };
    label_of(&base, &with, "cpu", &label);
    label_add_confined(&label, &base, confined, &with, guests);
    facts_destroy(&facts);
    run_destroy(&run);
    return label;
}

static struct label label_with(const char *host, const struct confined *confined)
{
    return label_with_both(host, confined, &NOT);
}

static bool has(const struct label *label, const char *fact)
{
    for (size_t i = 0; i < label->count; i++)
        if (strcmp(label->differences[i].fact, fact) == 0)
            return true;
    return false;
}

static void a_larger_host_stays_a_difference(void **unused)
{
    (void)unused;
    const struct label label = label_with(HOST_SIZE(""), &NOT);
    assert_true(has(&label, "cpus_allowed") && has(&label, "memory_bytes"));
    assert_string_equal(label.confined, "");
}

static void a_confined_one_is_none_and_is_named(void **unused)
{
    (void)unused;
    const struct confined confined = { CONFINED_VISIBLE, "2", INT64_C(402653184) };
    const struct label label = label_with(HOST_SIZE(""), &confined);
    assert_false(has(&label, "cpus_allowed") || has(&label, "memory_bytes"));
    assert_string_equal(label.confined, "host confined to CPU 2 and 384 MiB (visible)");
}

static void confined_to_something_else_is_a_difference(void **unused)
{
    (void)unused;
    const struct confined confined = { CONFINED_VISIBLE, "0-1", INT64_C(805306368) };
    const struct label label = label_with(HOST_SIZE(""), &confined);
    assert_true(has(&label, "cpus_allowed") && has(&label, "memory_bytes"));
}

static void both_in_an_envelope_are_named_with_what_is_outside(void **unused)
{
    (void)unused;
    const struct confined envelope = { CONFINED_ENVELOPE, "2-3", INT64_C(402653184) };
    struct label label = label_with_both(HOST_SIZE(""), &envelope, &envelope);
    assert_false(has(&label, "cpus_allowed") || has(&label, "memory_bytes"));
    label_add_outside(&label, "eth0's interrupts 25, 26");
    assert_string_equal(label.confined, "host confined to CPUs 2-3 and 384 MiB (envelope), guest with all that serves "
                                        "it on CPUs 2-3 (envelope) but for eth0's interrupts 25, 26");
    label = label_with(HOST_SIZE(""), &NOT);
    label_add_outside(&label, "eth0's interrupts 25, 26");
    assert_string_equal(label.confined, "");
}

static void a_host_booted_as_small_is_recognised(void **unused)
{
    (void)unused;
    const struct label booted = label_with(
        "{\"cpus_allowed\": \"0\", \"memory_bytes\": 530000000, \"boot_options\": \"maxcpus=1 mem=512M\"}", &NOT);
    assert_non_null(strstr(booted.confined, "booted"));
    assert_false(has(&booted, "cpus_allowed") || has(&booted, "memory_bytes"));
    const struct label larger = label_with(HOST_SIZE(", \"boot_options\": \"maxcpus=4 mem=8G\""), &NOT);
    assert_string_equal(larger.confined, "");
    assert_true(has(&larger, "cpus_allowed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_larger_host_stays_a_difference),
        cmocka_unit_test(a_confined_one_is_none_and_is_named),
        cmocka_unit_test(confined_to_something_else_is_a_difference),
        cmocka_unit_test(both_in_an_envelope_are_named_with_what_is_outside),
        cmocka_unit_test(a_host_booted_as_small_is_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
