/* cmd_watch.c - `tare watch`: one more terminal on a run. */
#include <stdio.h>

#include "base/text.h"
#include "commands.h"
#include "reach.h"

static const struct command_option OPTIONS[] = { REACH_OPTIONS };

const struct command tare_watch = {
    .name = "tare watch",
    .doc = "see what a run in another terminal shows",
    .text =
        "Shows, line by line, what the run in another terminal shows, until that ends. Any number of them can watch; "
        "one that does not read is left behind and ends.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .notes = "Exit codes: 0 the run has ended, 2 there is none.",
    .example = "tare watch",
    .run = cmd_watch,
};

static bool watch(struct reach *r, struct err *e)
{
    json_t *lines = NULL;
    if (!r->client)
        return err_set(e, ERR_USAGE, "nothing to watch: no run goes on");
    if (!client_ask(r->client, json_pack("{s:s}", "verb", "watch"), &lines, e))
        return false;
    json_decref(lines);
    bool is_read = true;
    for (json_t *line; is_read && (line = client_next(r->client, -1));) {
        const char *text = json_string_value(json_object_get(line, "line"));
        if (text)
            is_read = printf("%s\n", text) >= 0 && fflush(stdout) == 0;
        json_decref(line);
    }
    return true; /* who reads from us may leave, too */
}

static bool take(void *to, int option, const char *value, struct err *e) { return reach_take(to, option, value, e); }

int cmd_watch(int argc, char **argv)
{
    struct reach_options options = { .may_find_lab = true };
    struct reach r = { 0 };
    struct err e = { 0 };
    int code = command_begin(&tare_watch, argc, argv, take, &options);
    if (code >= 0)
        return code;
    bool ok = reach_open(&options, &r, &e) && watch(&r, &e);
    reach_close(&r, NULL);
    return ok ? 0 : command_fail(&tare_watch, &e);
}
