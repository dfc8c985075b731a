/* The terminal's block and the lines of trials, as texts of a given width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "golden.h"
#include "live/line.h"
#include "live/screen.h"
#include "sample_run.h"

enum { MANY = 40 };

static const struct live_step STEP = { .name = "both ways",
                                       .rounds = 3,
                                       .round = 1,
                                       .trial = 4,
                                       .trials = 9,
                                       .warmup_ns = INT64_C(500000000),
                                       .length_ns = INT64_C(5000000000),
                                       .overhead_ns = INT64_C(750000000),
                                       .left_ns = INT64_C(24000000000) };

/* 2.2 s into a trial: a steady flow, one that came late and wavers, and one not heard of. */
static void fill(struct screen *s, size_t count)
{
    static char names[MANY][32];
    struct live_rate rates[MANY] = {
        { "host", "peer", "send", true, "bit/s", true, 94.11e6, 0, 12300, "tx+rx", 0 },
        { "guest", "peer", "receive", false, "bit/s", true, 8.05e6, 0, 431000, "zeromq", 0.97 },
        { "host-with-a-long-name", "peer", "receive", false, "bit/s", false, 0, 0, -1, "", 0 }
    };
    for (size_t i = 3; i < count; i++) {
        snprintf(names[i], sizeof names[i], "host%zu", i);
        rates[i] = (struct live_rate){
            names[i], "peer", i % 2 == 0 ? "send" : "receive", i % 2 == 0, "bit/s", true, 1e9 + (double)i * 1e7, 0, 900,
            "rx",     0
        };
    }
    text_copy(s->scenario, sizeof s->scenario, "quickstart");
    s->no = 12;
    screen_begin(s, &STEP);
    screen_rates(s, -1, rates, count);
    for (int i = 0; i <= 11; i++) {
        rates[0].last_rate = 94e6 + i * 1e4;
        rates[1].is_known = i > 3;
        rates[1].last_rate = i % 4 * 4e6;
        for (size_t j = 3; j < count; j++)
            rates[j].last_rate = 1e9 * (i + 1);
        screen_rates(s, clock_ms(200) * i, rates, count);
    }
}

static const char *painted(const struct screen *s, int width, int height, bool color, bool utf8)
{
    static char text[1 << 16];
    struct buffer out = { 0 };
    screen_paint(s, &(struct screen_view){ width, height, color, utf8 }, &out);
    snprintf(text, sizeof text, "%.*s", (int)out.size, out.size ? out.text : "");
    buffer_clear(&out);
    return text;
}

static void the_block_looks_as_agreed(void **state)
{
    (void)state;
    struct screen s = { 0 };
    fill(&s, 3);
    golden_check("live/block-60", painted(&s, 60, 24, false, true));
    golden_check("live/block-80", painted(&s, 80, 24, false, true));
    golden_check("live/block-200", painted(&s, 200, 50, false, true));
    golden_check("live/block-80-ascii", painted(&s, 80, 24, false, false));
    golden_check("live/block-80-color", painted(&s, 80, 24, true, true));
    screen_begin(&s, &STEP);
    screen_rates(&s, -1, &(struct live_rate){ "host", "peer", "send", true, "bit/s", false, 0, 0, -1, "", 0 }, 1);
    golden_check("live/block-80-preparing", painted(&s, 80, 24, false, true));
    screen_clear(&s);
}

static void of_many_streams_as_many_as_fit(void **state)
{
    (void)state;
    struct screen s = { 0 };
    fill(&s, MANY);
    golden_check("live/block-80-many", painted(&s, 80, 15, false, true));
    screen_clear(&s);
}

static void check_fits(const char *text, int width, int height)
{
    int lines = 0;
    for (const char *line = text; *line; lines++) {
        char one[4096];
        size_t size = strcspn(line, "\n");
        assert_true(line[size] == '\n');
        text_copy(one, size + 1, line);
        if (line_cells(one) >= width)
            fail_msg("%d columns, %d rows: '%s'", width, height, one);
        line += size + 1;
    }
    assert_true(lines < height || lines == 0);
}

static void no_line_reaches_the_last_column_nor_the_block_the_first_row(void **state)
{
    (void)state;
    struct screen s = { 0 };
    assert_string_equal(painted(&s, 80, 24, false, true), ""); /* nothing to show */
    fill(&s, MANY);
    for (int width = SCREEN_LEAST_WIDTH; width <= 240; width++)
        for (int height = 0; height <= 60; height++)
            check_fits(painted(&s, width, height, false, width % 2), width, height);
    screen_clear(&s);
}

static void colours_take_no_cells(void **state)
{
    (void)state;
    struct screen s = { 0 };
    fill(&s, 3);
    char plain[1 << 16], bare[1 << 16];
    size_t used = 0;
    text_copy(plain, sizeof plain, painted(&s, 80, 24, false, true));
    for (const char *c = painted(&s, 80, 24, true, true); *c; c++)
        if (*c == '\033')
            c += strcspn(c, "m");
        else
            bare[used++] = *c;
    bare[used] = '\0';
    assert_string_equal(bare, plain);
    screen_clear(&s);
}

static void what_is_left_counts_down(void **state)
{
    (void)state;
    struct screen s = { 0 };
    fill(&s, 1);
    int64_t before = screen_left_ns(&s);
    assert_true(before < STEP.left_ns + STEP.warmup_ns + STEP.length_ns);
    assert_true(before > STEP.left_ns);
    screen_begin(&s, &STEP);
    assert_true(screen_left_ns(&s) == STEP.left_ns + STEP.warmup_ns + STEP.length_ns + STEP.overhead_ns);
    s.at_ns = INT64_C(60000000000);
    assert_true(screen_left_ns(&s) == STEP.left_ns + STEP.overhead_ns / 2);
    screen_clear(&s);
}

static void trials_look_as_agreed(void **state)
{
    (void)state;
    static const int WIDTHS[] = { 60, 80, 200 };
    struct run *run = rich_run();
    struct screen s = { .step_columns = (int)strlen("stream") };
    struct live_step step = STEP;
    for (size_t w = 0; w < ARRAY_SIZE(WIDTHS); w++) {
        struct screen_view view = { WIDTHS[w], 24, false, true };
        struct buffer out = { 0 };
        char name[32];
        for (size_t i = 0; i < run->trial_count; i++) {
            step.name = run->steps[run->trials[i].step].name;
            step.trial = (int)i;
            step.trials = (int)run->trial_count;
            step.attempt = run->trials[i].attempt;
            screen_trial(&s, &step, &run->trials[i], &view, &out);
        }
        (void)buffer_put(&out, "", 1);
        snprintf(name, sizeof name, "live/trials-%d", WIDTHS[w]);
        golden_check(name, out.text);
        check_fits(out.text, WIDTHS[w], 1000);
        assert_null(strstr(out.text, " \n"));
        assert_null(strchr(out.text, '\033'));
        buffer_clear(&out);
    }
    run_destroy(&run);
}

/* Sixteen machines at once: nobody reads sixteen rates in a line. */
static void of_many_streams_is_told_what_they_made_together(void **state)
{
    (void)state;
    static const int WIDTHS[] = { 60, 80, 200 };
    struct run *run = new_run();
    struct screen s = { .step_columns = (int)strlen("both ways") };
    struct trial *t = new_trial(run, 1, 0, 0);
    for (int i = 0; i < 16; i++) {
        char node[16];
        snprintf(node, sizeof node, "host%d", i + 1);
        add_load(t, node, "send", 5.5e6 + i * 5e4, 0);
        add_load(t, node, "receive", 5.9e6, 0);
    }
    t->verdict = VERDICT_TOGETHER;
    add_skew(t, -31000, 24000);
    for (size_t w = 0; w < ARRAY_SIZE(WIDTHS); w++) {
        struct buffer out = { 0 };
        char name[32];
        screen_trial(&s, &STEP, t, &(struct screen_view){ WIDTHS[w], 24, false, true }, &out);
        size_t figures = t->streams[3].figure_count;
        t->streams[3].figure_count = 0; /* one ended before it had a figure: no fairness of the others */
        t->partial = true;
        text_copy(t->why, sizeof t->why, "host2 is gone: silent for 3.5 s");
        screen_trial(&s, &STEP, t, &(struct screen_view){ WIDTHS[w], 24, false, true }, &out);
        t->streams[3].figure_count = figures;
        t->partial = false;
        (void)buffer_put(&out, "", 1);
        snprintf(name, sizeof name, "live/many-%d", WIDTHS[w]);
        golden_check(name, out.text);
        check_fits(out.text, WIDTHS[w], 1000);
        assert_null(strstr(out.text, " \n"));
        buffer_clear(&out);
    }
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_block_looks_as_agreed),
        cmocka_unit_test(of_many_streams_as_many_as_fit),
        cmocka_unit_test(no_line_reaches_the_last_column_nor_the_block_the_first_row),
        cmocka_unit_test(colours_take_no_cells),
        cmocka_unit_test(what_is_left_counts_down),
        cmocka_unit_test(trials_look_as_agreed),
        cmocka_unit_test(of_many_streams_is_told_what_they_made_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
