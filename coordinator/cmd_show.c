#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "report/report_csv.h"
#include "report/report_json.h"
#include "report/report_terminal.h"
#include "view.h"

static const char HELP[] =
    "tare show [RUN] - what a run found out\n"
    "\n"
    "RUN is a number of `tare list`, the beginning of a UUID (4 characters at least) or 'last', which\n"
    "is meant when there is none.\n"
    "\n"
    "  --format table|json|csv    for people, for programs, or a row a figure\n"
    "  --color auto|always|never  colours in the table; NO_COLOR is heeded\n"
    "  --archive FILE             another archive than the user's own\n"
    "\n"
    "example: tare show 12 --format json | jq '.trials[].streams[].figures.throughput.value'\n";

static bool report(const struct view *view, const struct run *run, FILE *out, struct err *e)
{
    if (strcmp(view->format, "json") == 0)
        return report_json(run, out, e);
    if (strcmp(view->format, "csv") == 0) {
        report_csv(run, out);
        return true;
    }
    return report_table(run, out, view->width, view->color, e);
}

static bool show(const struct view *view, struct err *e)
{
    struct archive *archive = NULL;
    struct run *run = NULL;
    bool ok = archive_open_read(view->archive, &archive, e) &&
              archive_read(archive, view->run ? view->run : "last", false, &run, e);
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
    if (!view_parse(argc, argv, "table|json|csv", 1, &view, &e))
        return view_fail(&view, &e);
    bool ok = view.help ? view_write(HELP, strlen(HELP), &e) : show(&view, &e);
    return ok ? 0 : view_fail(&view, &e);
}
