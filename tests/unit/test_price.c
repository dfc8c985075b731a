/* What hosts saw of their guests, made into costs, figures and flags of a trial. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "result/price.h"

/* A trial of `node` alone, in which 'host' saw its guest 'guest' use a quarter of a CPU. */
struct fixture {
    struct raw_trial raw;
    struct trial trial;
};

static struct message_watched *set_up(struct fixture *f, const char *node)
{
    memset(f, 0, sizeof *f);
    struct stream *stream = trial_add_stream(&f->trial);
    assert_non_null(stream);
    stream->role = STREAM_LOAD;
    text_copy(stream->node, sizeof stream->node, node);
    struct raw_watched *watched = raw_add_watched(&f->raw);
    assert_non_null(watched);
    watched->idle_rate = -1;
    watched->use = (struct message_watched){ .cpus = 1,
                                             .wall_ns = clock_ms(1000),
                                             .used_ns = clock_ms(250),
                                             .exits = -1,
                                             .halt_poll_ns = -1,
                                             .memory_bytes = 256 << 20,
                                             .touched_bytes = 0 };
    text_copy(watched->host, sizeof watched->host, "host");
    text_copy(watched->use.guest, sizeof watched->use.guest, "guest");
    return &watched->use;
}

static void tear_down(struct fixture *f)
{
    trial_clear(&f->trial);
    raw_clear(&f->raw);
}

static void what_an_idle_guest_takes_is_a_figure_of_the_hosts_own(void **unused)
{
    (void)unused;
    struct fixture f;
    set_up(&f, "host");
    assert_true(price_add(&f.raw, &f.trial));
    const struct figure *tax = stream_main_figure(&f.trial.streams[0], PRICE_TAX "guest");
    assert_non_null(tax);
    assert_true(tax->value > 0.2499 && tax->value < 0.2501);
    assert_string_equal(tax->unit, "CPUs");
    tear_down(&f);
}

static void a_guest_at_work_is_no_tax(void **unused)
{
    (void)unused;
    static const char *const NODES[] = { "guest", "another" }; /* nor is it one of somebody else's streams */
    for (size_t i = 0; i < ARRAY_SIZE(NODES); i++) {
        struct fixture f;
        set_up(&f, NODES[i]);
        assert_true(price_add(&f.raw, &f.trial));
        assert_null(stream_main_figure(&f.trial.streams[0], PRICE_TAX "guest"));
        tear_down(&f);
    }
}

static void by_what_a_guests_use_was_told_stands_with_it(void **unused)
{
    (void)unused;
    static const char *const CASES[][2] = { { "", "host process" },
                                            { "/machine.slice/a.scope", "host cgroup /machine.slice/a.scope" } };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct fixture f;
        struct message_watched *use = set_up(&f, "guest");
        text_copy(use->group, sizeof use->group, CASES[i][0]);
        assert_true(price_add(&f.raw, &f.trial));
        const struct figure *cpu = stream_main_figure(&f.trial.streams[0], "domain_cpu");
        assert_non_null(cpu);
        assert_true(cpu->value > 0.2499 && cpu->value < 0.2501);
        assert_string_equal(cpu->path, CASES[i][1]);
        assert_true(figure_is_of_host(cpu->name));
        tear_down(&f);
    }
}

static void memory_that_is_touched_first_in_a_trial_of_the_guest_is_flagged(void **unused)
{
    (void)unused;
    static const struct {
        const char *node;
        int64_t memory, touched;
        size_t flags;
    } CASES[] = {
        { "guest", 256 << 20, 64 << 20, 1 }, { "guest", 256 << 20, 2 << 20, 0 }, /* less than 1 % */
        { "guest", 256 << 20, 3 << 20, 1 },  { "host", 256 << 20, 64 << 20, 0 }, { "guest", -1, -1, 0 },
        { "guest", 256 << 20, -1, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct fixture f;
        struct message_watched *use = set_up(&f, CASES[i].node);
        use->memory_bytes = CASES[i].memory;
        use->touched_bytes = CASES[i].touched;
        assert_true(price_add(&f.raw, &f.trial));
        assert_int_equal(f.trial.flag_count, CASES[i].flags);
        if (i == 0) {
            assert_string_equal(f.trial.flags[0].kind, "first-touch");
            assert_string_equal(f.trial.flags[0].text,
                                "guest touched 64 MiB of its 256 MiB of memory for the first time");
        }
        tear_down(&f);
    }
}

static void what_left_an_envelope_or_never_was_in_it_is_flagged(void **unused)
{
    (void)unused;
    struct fixture f;
    struct message_watched *use = set_up(&f, "guest");
    use->strays = 2;
    text_copy(f.raw.outside, sizeof f.raw.outside, "eth0's interrupts 25");
    assert_true(price_add(&f.raw, &f.trial));
    assert_int_equal(f.trial.flag_count, 2);
    assert_string_equal(f.trial.flags[0].kind, FLAG_OUTSIDE);
    assert_string_equal(f.trial.flags[0].text, "eth0's interrupts 25");
    assert_string_equal(f.trial.flags[1].kind, "envelope");
    assert_string_equal(f.trial.flags[1].text, "2 of guest's threads left its envelope");
    tear_down(&f);
    use = set_up(&f, "guest");
    use->strays = -1; /* it was in none */
    assert_true(price_add(&f.raw, &f.trial));
    assert_int_equal(f.trial.flag_count, 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_idle_guest_takes_is_a_figure_of_the_hosts_own),
        cmocka_unit_test(a_guest_at_work_is_no_tax),
        cmocka_unit_test(by_what_a_guests_use_was_told_stands_with_it),
        cmocka_unit_test(memory_that_is_touched_first_in_a_trial_of_the_guest_is_flagged),
        cmocka_unit_test(what_left_an_envelope_or_never_was_in_it_is_flagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
