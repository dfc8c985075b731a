#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/log.h"
#include "base/text.h"
#include "report/report_list.h"
#include "view.h"

static const struct command_option OPTIONS[] = { VIEW_OPTIONS("table|json", "for people or for programs") };

const struct command tare_list = {
    .name = "tare list",
    .doc = "the runs that there are, newest last",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .example = "tare list --format json | jq -r '.runs[-1].no'",
    .run = cmd_list,
};

/* The runs as archive_list gives them, which are only lent. */
struct runs {
    struct run *list;
    int *trials;
    size_t count;
    bool full; /* no memory for all of them */
};

static bool keep(const struct run *run, int trials, void *arg)
{
    struct runs *runs = arg;
    struct run *list = reallocarray(runs->list, runs->count + 1, sizeof *list);
    if (list)
        runs->list = list;
    int *counts = reallocarray(runs->trials, runs->count + 1, sizeof *counts);
    if (counts)
        runs->trials = counts;
    runs->full = !list || !counts;
    if (runs->full)
        return false;
    list[runs->count] = *run;
    list[runs->count].scenario_text = NULL;
    list[runs->count].overrides = NULL;
    list[runs->count].left_out = NULL;
    counts[runs->count++] = trials;
    return true;
}

static bool report(const struct view *view, const struct runs *runs, FILE *out, struct err *e)
{
    struct list_entry *entries = calloc(runs->count + 1, sizeof *entries);
    if (!entries)
        return err_set(e, ERR_INTERNAL, "out of memory");
    for (size_t i = 0; i < runs->count; i++)
        entries[i] = (struct list_entry){ &runs->list[i], runs->trials[i] };
    bool ok = true;
    if (strcmp(view->format, "json") == 0)
        ok = report_list_json(entries, runs->count, out, e);
    else if (runs->count > 0)
        report_list_table(entries, runs->count, out, view->width, view->color);
    free(entries);
    return ok;
}

/* The user's own archive may not be there yet: that is no run, and no mistake. */
static bool read_runs(const struct view *view, struct runs *runs, struct err *e)
{
    struct archive *archive = NULL;
    if (!view->archive_named && access(view->archive, F_OK) != 0)
        return true;
    bool ok = archive_open_read(view->archive, &archive, e) && archive_list(archive, keep, runs, e);
    archive_close(&archive);
    return ok && (!runs->full || err_set(e, ERR_INTERNAL, "out of memory"));
}

static bool list(const struct view *view, struct err *e)
{
    struct runs runs = { 0 };
    char *text = NULL;
    size_t size = 0;
    FILE *out = NULL;
    bool ok = read_runs(view, &runs, e);
    if (ok && runs.count == 0)
        log_info("no run yet; `tare run` makes one");
    ok = ok && ((out = open_memstream(&text, &size)) || err_set(e, ERR_INTERNAL, "out of memory"));
    ok = ok && report(view, &runs, out, e);
    if (out && fclose(out) != 0)
        ok = err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && view_write(text, size, e);
    free(text);
    free(runs.list);
    free(runs.trials);
    return ok;
}

int cmd_list(int argc, char **argv)
{
    struct view view;
    struct err e = { 0 };
    int code = view_begin(&tare_list, argc, argv, &view);
    if (code >= 0)
        return code;
    return list(&view, &e) ? 0 : command_fail(&tare_list, &e);
}
