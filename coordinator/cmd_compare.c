/* cmd_compare.c - `tare compare`: the nodes of a run side by side, or the same nodes of two runs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/text.h"
#include "commands.h"
#include "report/report_compare.h"
#include "report/value.h"
#include "run/design.h"
#include "view.h"

static const struct command_option OPTIONS[] = { VIEW_OPTIONS("table|json|csv",
                                                              "for people, for programs, or a row a comparison") };

const struct command tare_compare = {
    .name = "tare compare",
    .doc = "what a guest costs against its host, or what changed between two runs",
    .text = "With one RUN its nodes, as `compare` in its scenario says (by default its only host against every other "
            "node). With two the same nodes in steps of the same name, round by round: the ratio is that of the "
            "second run to the first. A RUN is a number of `tare list`, the beginning of a UUID or 'last'.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "RUN", ARGUMENT_TEXT, 1, 2 } },
    .example = "tare compare 12 13",
    .run = cmd_compare,
};

static bool write_as(const struct view *view, const struct comparisons *all, FILE *out, struct err *e)
{
    if (strcmp(view->format, "json") == 0)
        return value_write(VALUE_OBJECT({ "schema", json_integer(1) }, { "comparisons", report_compare_json(all) }),
                           out, e);
    if (strcmp(view->format, "csv") == 0)
        report_compare_csv(all, out);
    else if (all->count == 0)
        fputs("nothing to compare: no step has both sides\n", out);
    else
        return report_compare_table(&(const struct page){ out, view->width, view->color }, all, e);
    return true;
}

static bool read_run(const struct view *view, const char *which, struct run **run, struct err *e)
{
    struct archive *archive = NULL;
    bool ok = archive_open_read(view->archive, &archive, e) && archive_read(archive, which, false, run, e);
    archive_close(&archive);
    return ok && design_of_archived(*run, e);
}

static bool compare(const struct view *view, const char *other, struct err *e)
{
    struct run *base = NULL, *with = NULL;
    struct comparisons *all = NULL;
    char *text = NULL;
    size_t size = 0;
    bool ok = read_run(view, view->run, &base, e) && (!other || read_run(view, other, &with, e));
    ok = ok && (other ? compare_runs(base, with, &all, e) : compare_run(base, &all, e));
    FILE *out = ok ? open_memstream(&text, &size) : NULL;
    ok = ok && (out || err_set(e, ERR_INTERNAL, "out of memory")) && write_as(view, all, out, e);
    if (out && fclose(out) != 0)
        ok = err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && view_write(text, size, e);
    free(text);
    comparisons_destroy(&all);
    run_destroy(&base);
    run_destroy(&with);
    return ok;
}

int cmd_compare(int argc, char **argv)
{
    struct view view;
    struct err e = { 0 };
    int code = view_begin(&tare_compare, argc, argv, &view);
    if (code >= 0)
        return code;
    const char *other = argc > optind + 1 ? argv[optind + 1] : NULL;
    return compare(&view, other, &e) ? 0 : command_fail(&tare_compare, &e);
}
