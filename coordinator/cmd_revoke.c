/* cmd_revoke.c - `tare revoke`: a key is taken back, and whoever uses it dropped at once. */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "commands.h"
#include "reach.h"

static const char HELP[] =
    "usage: tare revoke [OPTION]... NAME\n"
    "\n"
    "Ends the right of the key of the node NAME, or of the token NAME (token.XXXXXXXX). Where a run\n"
    "goes on, the node is dropped from it at once. The key is never valid again; `tare invite NAME`\n"
    "gives the name a new one.\n"
    "\n" REACH_HELP "\n"
    "Exit codes: 0 done, 2 no such key.\n"
    "Example: tare revoke web1\n";

static bool revoke(struct reach *r, const char *name, struct err *e)
{
    if (r->client)
        return client_ask(r->client, json_pack("{s:s, s:s}", "verb", "revoke", "name", name), NULL, e);
    if (!reach_keyring(r, e) || !keyring_revoke(r->keyring, name, e))
        return false;
    reach_tell_change(r);
    return true;
}

int cmd_revoke(int argc, char **argv)
{
    static const struct option LONG[] = { REACH_OPTIONS, { "help", no_argument, NULL, 'h' }, { 0 } };
    struct reach_options options = { 0 };
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
    bool ok = optind + 1 == argc || err_set(&e, ERR_USAGE, "revoke: name one node or token, as in `tare revoke web1`");
    ok = ok && reach_open(&options, &r, &e) && revoke(&r, argv[optind], &e);
    if (ok)
        log_info("the key of '%s' is revoked", argv[optind]);
    reach_close(&r, NULL);
    return ok ? 0 : reach_fail(&e);
}
