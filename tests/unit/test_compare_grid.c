/* A matrix in a comparison: its ratios as rows and columns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compared_run.h"
#include "golden.h"
#include "report/compare_grid.h"
#include "report/report_compare.h"

static char *shown(const struct run *run, int width)
{
    struct comparisons *all = NULL;
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (!compare_run(run, &all, &e) || !report_compare_table(&(const struct page){ out, width, false }, all, &e))
        fail_msg("%s", e.text);
    fclose(out);
    comparisons_destroy(&all);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' in:\n%s", part, text);
}

static void lines_fit(const struct run *run)
{
    for (int width = 40; width <= 130; width += 15) {
        char *text = shown(run, width);
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
            if (end - line > width)
                fail_msg("%d columns asked:\n%s", width, text);
            assert_true(end == line || end[-1] != ' ');
        }
        free(text);
    }
}

static const char *const SIZES[] = { "64KiB/4KiB",  "64KiB/64KiB",  "128KiB/4KiB",  "128KiB/64KiB",
                                     "256KiB/4KiB", "256KiB/64KiB", "256KiB/128KiB" };

/* Host and guest in three rounds; `chance` moves the guest's rates from round to round. */
static struct run *run_of_sizes(const char *const *methods, size_t method_count, const double chance[3])
{
    struct run *run = lab_run();
    text_copy(run->steps[0].name, sizeof run->steps[0].name, "files");
    text_copy(run->steps[0].workload, sizeof run->steps[0].workload, "file_io");
    run->steps[0].to[0] = '\0';
    for (int i = 0; i < 6; i++) {
        struct stream *s = trial_add_stream(new_trial(run, 0, i / 2, i % 2));
        text_copy(s->node, sizeof s->node, i % 2 ? "guest" : "host");
        text_copy(s->direction, sizeof s->direction, "work");
        s->operates = true;
        for (size_t m = 0; m < method_count; m++)
            for (size_t k = 0; k < ARRAY_SIZE(SIZES); k++) {
                char name[48];
                double guest = (0.25 + 0.125 * (double)k) * (m ? 0.25 : 1) * chance[i / 2];
                snprintf(name, sizeof name, "%s/%s", methods[m], SIZES[k]);
                stream_add_figure(s, name, "B/s", 1e9 * (i % 2 ? guest : 1), WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
            }
    }
    return run;
}

static const double STEADY[] = { 0.999, 1, 1.001 };

/* Each cell is what its methods are together: read as it is, reread a quarter of that, so half. */
static void the_sizes_of_a_step_are_one_table_of_reads_and_one_of_writes(void **unused)
{
    (void)unused;
    static const char *const METHODS[] = { "read", "reread", "write" };
    struct run *run = run_of_sizes(METHODS, 3, STEADY);
    char *text = shown(run, 100);
    golden_check("report/compare-sizes-100.txt", text);
    has(text, "files reads, ratio, file x record");
    has(text, "from 0.125 (64KiB x 4KiB) to 0.5 (256KiB x 128KiB)");
    has(text, "each the geometric mean of 2 methods");
    has(text, "files write, ratio, file x record"); /* the only one of its kind */
    has_not(text, "reread/");
    free(text);
    lines_fit(run);
    run_destroy(&run);
}

static void what_is_no_finding_is_marked_and_counted(void **unused)
{
    (void)unused;
    static const char *const METHODS[] = { "read" };
    static const double WILD[] = { 0.2, 1, 5 };
    struct run *run = run_of_sizes(METHODS, 1, WILD);
    char *text = shown(run, 100);
    has(text, "0.250?");
    has(text, "? in 7 of 7: no difference is found");
    free(text);
    lines_fit(run);
    run->design.until = 0.03;
    text = shown(run, 100);
    has(text, "NOT REACHED");
    free(text);
    run_destroy(&run);

    run = run_of_sizes(METHODS, 1, STEADY);
    run->trial_count = 2; /* one round */
    text = shown(run, 100);
    has(text, "0.250 ");
    has(text, "in 7 of 7: too few blocks for an interval");
    free(text);
    run->trial_count = 6;
    run_destroy(&run);
}

/* Streams over a wire that both fill at large messages, three rounds; of one cell nothing is left. */
static struct run *run_of_cells(void)
{
    struct run *run = lab_run();
    static const char *const NAMES[] = { "net[streams=1,message=4KiB]", "net[streams=1,message=64KiB]",
                                         "net[streams=2,message=4KiB]", "net[streams=2,message=64KiB]", "plain" };
    for (size_t i = 0; i < run->step_count; i++)
        free(run->steps[i].options);
    run->step_count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++)
        name_step(run, NAMES[i], "paired");
    for (int round = 0; round < 3; round++)
        for (int step = 0; step < (int)ARRAY_SIZE(NAMES); step++)
            for (int guest = 0; guest < 2; guest++) {
                struct trial *t = new_trial(run, step, round, guest);
                t->block = round * 10 + step;
                double share = step == 1 ? 0.999 : guest ? 0.3 + 0.001 * round : 0.6;
                add_flow(t, guest ? "guest" : "host", "send", share * FULL_WIRE);
                if (step == 2)
                    trial_add_flag(t, -1, "noisy", 3, 1, "steal");
            }
    return run;
}

static void steps_of_a_matrix_are_one_table_and_others_keep_their_rows(void **unused)
{
    (void)unused;
    struct run *run = run_of_cells();
    char *text = shown(run, 100);
    golden_check("report/compare-matrix-100.txt", text);
    has(text, "net send, ratio, streams x message");
    has(text, "= in 1 of 4: both fill the same wire");
    has(text, "- in 1 of 4: no block can be compared");
    has_not(text, "net[");
    has(text, "plain");
    free(text);
    lines_fit(run);
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sizes_of_a_step_are_one_table_of_reads_and_one_of_writes),
        cmocka_unit_test(what_is_no_finding_is_marked_and_counted),
        cmocka_unit_test(steps_of_a_matrix_are_one_table_and_others_keep_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
