#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/text.h"
#include "report/report_csv.h"
#include "report/report_json.h"
#include "report/report_terminal.h"
#include "run/design.h"
#include "view.h"

static const struct command_option OPTIONS[] = { VIEW_OPTIONS("table|json|csv",
                                                              "for people, for programs, or a row a figure") };

const struct command tare_show = {
    .name = "tare show",
    .doc = "what a run found out",
    .text = "RUN is a number of `tare list`, the beginning of a UUID (4 characters at least) or 'last', which is "
            "meant when there is none.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "RUN", ARGUMENT_TEXT, 0, 1 } },
    .example = "tare show 12 --format json | jq '.trials[].streams[].figures.throughput.value'",
    .run = cmd_show,
};

static bool report(const struct view *view, const struct run *run, FILE *out, struct err *e)
{
    if (strcmp(view->format, "json") == 0)
        return report_json(run, out, e);
    if (strcmp(view->format, "csv") == 0)
        return report_csv(run, out, e);
    return report_table(run, out, view->width, view->color, e);
}

static bool show(const struct view *view, struct err *e)
{
    struct archive *archive = NULL;
    struct run *run = NULL;
    bool ok = archive_open_read(view->archive, &archive, e) &&
              archive_read(archive, view->run ? view->run : "last", false, &run, e);
    ok = ok && design_of_archived(run, e);
    archive_close(&archive);
    /* Into memory first: what stands on stdout is whole, and a failure to write it has its reason. */
    char *text = NULL;
    size_t size = 0;
    FILE *out = ok ? open_memstream(&text, &size) : NULL;
    ok = ok && (out || err_set(e, ERR_INTERNAL, "out of memory"));
    ok = ok && report(view, run, out, e);
    if (out && fclose(out) != 0)
        ok = err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && view_write(text, size, e);
    free(text);
    run_destroy(&run);
    return ok;
}

int cmd_show(int argc, char **argv)
{
    struct view view;
    struct err e = { 0 };
    int code = view_begin(&tare_show, argc, argv, &view);
    if (code >= 0)
        return code;
    return show(&view, &e) ? 0 : command_fail(&tare_show, &e);
}
