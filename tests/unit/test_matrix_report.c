/* A matrix in the report of a run: one table of rows and columns instead of a section a cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "report/matrix_name.h"
#include "report/matrix_report.h"
#include "report/print.h"
#include "report/report_terminal.h"
#include "sample_run.h"

static char *shown(const struct run *run, int width)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (!report_table(run, out, width, false, &e))
        fail_msg("%s", e.text);
    fclose(out);
    return text;
}

/* Two options, one that is gone through by itself, and a step that is no matrix between them. */
static struct run *run_of_matrices(void)
{
    struct run *run = new_run();
    static const char *const NAMES[] = { "net[direction=send,message=4KiB]",
                                         "net[direction=send,message=64KiB]",
                                         "net[direction=receive,message=4KiB]",
                                         "plain",
                                         "one[streams=1]",
                                         "one[streams=2]" };
    for (size_t i = 0; i < run->step_count; i++)
        free(run->steps[i].options);
    run->step_count = 0;
    for (size_t i = 0; i < 6; i++)
        name_step(run, NAMES[i], "paired");
    for (int i = 0; i < 6; i++) {
        struct trial *t = new_trial(run, i, 0, 0);
        t->block = i;
        add_load(t, "host", i == 2 ? "receive" : "send", 1e9 * (i + 1), 1000);
    }
    return run;
}

static void cells_of_one_matrix_are_one_section(void **state)
{
    (void)state;
    struct run *run = run_of_matrices();
    char name[MODEL_STEP], axes[MODEL_STEP];
    assert_int_equal(matrix_name_cells(run, 0), 3);
    assert_int_equal(matrix_name_cells(run, 3), 0);
    assert_int_equal(matrix_name_cells(run, 4), 2);
    matrix_name_split(run->steps[0].name, name, sizeof name, axes, sizeof axes);
    assert_string_equal(name, "net");
    assert_string_equal(axes, "direction x message");
    char *text = shown(run, 100);
    golden_check("report/matrix-100.txt", text);
    free(text);
    run_destroy(&run);
}

static void what_does_not_fit_goes_on_below(void **state)
{
    (void)state;
    struct run *run = run_of_matrices();
    for (int width = 40; width <= 120; width += 10) {
        char *text = shown(run, width);
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
            if (strcspn(line, "\n") > (size_t)width)
                fail_msg("%d columns asked:\n%s", width, text);
        free(text);
    }
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_one_matrix_are_one_section),
        cmocka_unit_test(what_does_not_fit_goes_on_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
