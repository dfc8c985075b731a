/* cmd_revoke.c - `tare revoke`: a key is taken back, and whoever uses it dropped at once. */
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "commands.h"
#include "reach.h"

static const struct command_option OPTIONS[] = { REACH_OPTIONS };

const struct command tare_revoke = {
    .name = "tare revoke",
    .doc = "take a node's or a token's key back",
    .text =
        "Ends the right of the key of the node NAME, or of the token NAME (as its file says: token.3f9a0c71). Where a "
        "run goes on, the "
        "node is dropped from it at once. The key is never valid again; `tare invite NAME` gives the name a new one.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "NAME", ARGUMENT_TEXT, 1, 1 } },
    .notes = "Exit codes: 0 done, 2 no such key.",
    .example = "tare revoke web1",
    .run = cmd_revoke,
};

static bool revoke(struct reach *r, const char *name, struct err *e)
{
    if (r->client)
        return client_ask(r->client, json_pack("{s:s, s:s}", "verb", "revoke", "name", name), NULL, e);
    if (!reach_keyring(r, e) || !keyring_revoke(r->keyring, name, e))
        return false;
    reach_tell_change(r);
    return true;
}

static bool take(void *to, int option, const char *value, struct err *e) { return reach_take(to, option, value, e); }

int cmd_revoke(int argc, char **argv)
{
    struct reach_options options = { 0 };
    struct reach r = { 0 };
    struct err e = { 0 };
    int code = command_begin(&tare_revoke, argc, argv, take, &options);
    if (code >= 0)
        return code;
    bool ok = reach_open(&options, &r, &e) && revoke(&r, argv[optind], &e);
    if (ok)
        log_info("the key of '%s' is revoked", argv[optind]);
    reach_close(&r, NULL);
    return ok ? 0 : command_fail(&tare_revoke, &e);
}
