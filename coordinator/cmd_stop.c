/* cmd_stop.c - `tare stop`: the orderly end of the run in another terminal. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "commands.h"
#include "reach.h"

enum { END_MS = 20000 };

static const struct command_option OPTIONS[] = { REACH_OPTIONS };

const struct command tare_stop = {
    .name = "tare stop",
    .doc = "end the run in order, as its Ctrl-C does",
    .text = "What was finished is kept. Waits for the run's end.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .notes = "Exit codes: 0 it has ended, 1 it does not end, 2 there is none.",
    .example = "tare stop",
    .run = cmd_stop,
};

static bool stop(struct reach *r, struct err *e)
{
    if (!r->client)
        return err_set(e, ERR_USAGE, "nothing to stop: no run goes on");
    if (!client_ask(r->client, json_pack("{s:s}", "verb", "stop"), NULL, e))
        return false;
    json_t *line = client_next(r->client, END_MS); /* it says no more: this is its end */
    json_decref(line);
    struct client *again = NULL;
    bool is_over = !line && client_open(&r->place, &again, e) && !again;
    client_close(&again);
    if (!is_over)
        return err_set(e, ERR_INTERNAL, "it does not end within %d s", END_MS / 1000);
    log_info("it has ended; what was finished is kept");
    return true;
}

static bool take(void *to, int option, const char *value, struct err *e) { return reach_take(to, option, value, e); }

int cmd_stop(int argc, char **argv)
{
    struct reach_options options = { .may_find_lab = true };
    struct reach r = { 0 };
    struct err e = { 0 };
    int code = command_begin(&tare_stop, argc, argv, take, &options);
    if (code >= 0)
        return code;
    bool ok = reach_open(&options, &r, &e) && stop(&r, &e);
    reach_close(&r, NULL);
    return ok ? 0 : command_fail(&tare_stop, &e);
}
