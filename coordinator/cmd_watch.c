/* cmd_watch.c - `tare watch`: one more terminal on a run. */
#include <getopt.h>
#include <stdio.h>

#include "commands.h"
#include "reach.h"

static const char HELP[] =
    "usage: tare watch [OPTION]...\n"
    "\n"
    "Shows, line by line, what the run in another terminal shows, until that ends. Any number of\n"
    "them can watch; one that does not read is left behind and ends.\n"
    "\n" REACH_HELP "\n"
    "Exit codes: 0 the run has ended, 2 there is none.\n"
    "Example: tare watch\n";

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

int cmd_watch(int argc, char **argv)
{
    static const struct option LONG[] = { REACH_OPTIONS, { "help", no_argument, NULL, 'h' }, { 0 } };
    struct reach_options options = { .may_find_lab = true };
    struct reach r = { 0 };
    struct err e = { 0 };
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        if (c == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        if (!reach_set(&options, c, optarg, &e))
            return reach_fail(&e);
    }
    bool ok = optind == argc || err_set(&e, ERR_USAGE, "watch: takes no '%s'", argv[optind]);
    ok = ok && reach_open(&options, &r, &e) && watch(&r, &e);
    reach_close(&r, NULL);
    return ok ? 0 : reach_fail(&e);
}
