/* Exits and halt polling, from statistics as libvirt 9 gives them of a guest under KVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "guests/libvirt/counters.h"

struct counter {
    const char *name;
    unsigned long long value;
};

enum { MOST = 16 };

static int canned(const struct counter *counters, size_t count, virTypedParameter parameters[MOST])
{
    assert_true(count <= MOST);
    for (size_t i = 0; i < count; i++) {
        parameters[i] = (virTypedParameter){ .type = VIR_TYPED_PARAM_ULLONG, .value.ul = counters[i].value };
        assert_true(text_copy(parameters[i].field, sizeof parameters[i].field, counters[i].name));
    }
    return (int)count;
}

static void a_guest_under_kvm_tells_its_exits_and_its_polling(void **state)
{
    (void)state;
    static const struct counter COUNTERS[] = {
        { "cpu.time", 9000000000ULL },
        { "cpu.haltpoll.success.time", 516188 },
        { "cpu.haltpoll.fail.time", 4100000 },
        { "vm.max_mmu_page_hash_collisions.max", 3 },
        { "vcpu.current", 2 },
        { "vcpu.0.time", 4000000000ULL },
        { "vcpu.0.exits.sum", 70001 },
        { "vcpu.0.io_exits.sum", 900 }, /* counted among the exits already */
        { "vcpu.0.irq_exits.sum", 800 },
        { "vcpu.0.halt_exits.sum", 700 },
        { "vcpu.1.time", 5000000000ULL },
        { "vcpu.1.exits.sum", 30002 },
    };
    virTypedParameter parameters[MOST];
    int n = canned(COUNTERS, ARRAY_SIZE(COUNTERS), parameters);
    assert_int_equal(counters_exits(parameters, n), 100003);
    assert_int_equal(counters_halt_poll_ns(parameters, n), 4616188);
}

static void an_emulated_guest_tells_neither_and_a_zero_is_not_nothing(void **state)
{
    (void)state;
    static const struct counter EMULATED[] = { { "cpu.time", 1 }, { "vcpu.0.time", 1 }, { "vcpu.0.wait", 0 } };
    static const struct counter FRESH[] = { { "vcpu.0.exits.sum", 0 }, { "cpu.haltpoll.fail.time", 0 } };
    virTypedParameter parameters[MOST];
    int n = canned(EMULATED, ARRAY_SIZE(EMULATED), parameters);
    assert_int_equal(counters_exits(parameters, n), -1);
    assert_int_equal(counters_halt_poll_ns(parameters, n), -1);
    assert_int_equal(counters_exits(NULL, 0), -1);
    n = canned(FRESH, ARRAY_SIZE(FRESH), parameters);
    assert_int_equal(counters_exits(parameters, n), 0);
    assert_int_equal(counters_halt_poll_ns(parameters, n), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_under_kvm_tells_its_exits_and_its_polling),
        cmocka_unit_test(an_emulated_guest_tells_neither_and_a_zero_is_not_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
