/* cmd_stop.c - `tare stop`: the orderly end of the run in another terminal. */
#include <getopt.h>
#include <stdio.h>

#include "commands.h"
#include "reach.h"

enum { END_MS = 20000 };

static const char HELP[] = "usage: tare stop [OPTION]...\n"
                           "\n"
                           "Ends the run that goes on: as with Ctrl-C, what was finished is kept. Waits for its end.\n"
                           "\n" REACH_HELP "\n"
                           "Exit codes: 0 it has ended, 2 there is none, 1 it does not end.\n"
                           "Example: tare stop\n";

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
    return is_over || err_set(e, ERR_INTERNAL, "it does not end within %d s", END_MS / 1000);
}

int cmd_stop(int argc, char **argv)
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
    bool ok = optind == argc || err_set(&e, ERR_USAGE, "stop: takes no '%s'", argv[optind]);
    ok = ok && reach_open(&options, &r, &e) && stop(&r, &e);
    reach_close(&r, NULL);
    return ok ? 0 : reach_fail(&e);
}
