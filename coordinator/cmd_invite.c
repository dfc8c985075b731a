/* cmd_invite.c - `tare invite`: a key for a node, or a token for many. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "commands.h"
#include "endpoint.h"
#include "reach.h"
#include "wire/channel.h"

enum { USES = 16, USES_MOST = 100000, LOOK_MS = 1000, JOIN_MS = 6000 };

enum invite_option { OPT_LAB, OPT_IN_LAB, OPT_ENDPOINT, OPT_OUT, OPT_USES, OPT_EXPIRES, OPT_PORT };

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_LAB] = { .name = "lab", .doc = "for many nodes: a token, with which each enrols a key of its own" },
    [OPT_IN_LAB] = { .name = "in-lab", .kind = ARGUMENT_TEXT, .argument = "NAME",
                     .doc = "for the coordinator of a lab on this machine (`tare lab up`)" },
    [OPT_ENDPOINT] = { .name = "endpoint", .kind = ARGUMENT_TEXT, .argument = "tcp://ADDRESS:PORT",
                       .doc = "where the nodes dial; by default this machine's address" },
    [OPT_OUT] = { .name = "out", .kind = ARGUMENT_FILE, .argument = "FILE",
                  .doc = "default NAME.invite, or lab.invite for a token; '-' and a pipe: stdout" },
    [OPT_USES] = { .name = "uses", .kind = ARGUMENT_TEXT, .argument = "N",
                   .doc = "how many nodes the token may enrol, default 16" },
    [OPT_EXPIRES] = { .name = "expires", .kind = ARGUMENT_TEXT, .argument = "DURATION",
                      .doc = "how long the token is valid, default 1h" },
    [OPT_PORT] = REACH_PORT_OPTION,
};
/* clang-format on */

const struct command tare_invite = {
    .name = "tare invite",
    .doc = "let a node join: its key, for it to start with",
    .text = "Writes an invite for the node NAME, or with --lab for many, which the node is started with: tare-node "
            "--invite FILE. Whoever reads it can be that node. A NAME that has a key gets a new one, and the old one "
            "ends. With --lab it stays until the token is spent or expired, or until Ctrl-C; a run takes nodes in as "
            "well.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "NAME", ARGUMENT_TEXT, 0, 1 } },
    .notes = "Exit codes: 0 done, 2 usage, 4 interrupted before the token was spent.",
    .example = "tare invite web1 | ssh web1 tare-node --invite -",
    .run = cmd_invite,
};

struct arguments {
    struct reach_options reach;
    bool is_token;
    const char *name, *out;
    char out_name[KEY_NAME + 16]; /* what `out` is where nothing was said */
    char endpoint[KEY_ENDPOINT];
    int64_t uses, expires_ns;
};

/* ---- the key ---- */

static bool copy_answer(const json_t *lines, const char *key, char *to, size_t size, struct err *e)
{
    const char *text = json_string_value(json_object_get(json_array_get(lines, 0), key));
    return (text && text_copy(to, size, text)) ||
           err_set(e, ERR_INTERNAL, "the coordinator that serves has answered without %s", key);
}

/* Through the one that serves, which has the keys in memory. */
static bool record_there(struct reach *r, struct invite *invite, const struct keyring_token *token, struct err *e)
{
    json_t *lines = NULL;
    json_t *request = invite->is_token
                          ? json_pack("{s:s, s:s, s:I, s:I}", "verb", "token", "public_key", invite->node.public_key,
                                      "uses", (json_int_t)token->uses, "expires_s", (json_int_t)token->expires_s)
                          : json_pack("{s:s, s:s, s:s}", "verb", "invite", "name", invite->name, "public_key",
                                      invite->node.public_key);
    bool ok = client_ask(r->client, request, &lines, e) &&
              copy_answer(lines, "server_key", invite->server_key, sizeof invite->server_key, e) &&
              (!invite->is_token || copy_answer(lines, "name", invite->name, sizeof invite->name, e));
    json_decref(lines);
    return ok;
}

static bool record_here(struct reach *r, struct invite *invite, const struct keyring_token *token, struct err *e)
{
    if (!reach_keyring(r, e) ||
        !(invite->is_token ? keyring_record_token(r->keyring, invite->node.public_key, token, invite->name, e)
                           : keyring_record(r->keyring, invite->name, invite->node.public_key, e)))
        return false;
    text_copy(invite->server_key, sizeof invite->server_key, keyring_own(r->keyring)->public_key);
    reach_tell_change(r);
    return true;
}

/* ---- the file ---- */

/* A key that is recorded and cannot be written would leave the name without one that works. */
static bool check_place(const char *out, struct err *e)
{
    char copy[512];
    if (strcmp(out, "-") == 0)
        return true;
    if (!text_copy(copy, sizeof copy, out))
        return err_set(e, ERR_USAGE, "--out: the path is too long");
    if (access(dirname(copy), W_OK) != 0) {
        err_errno(e, errno, "--out: %s", out);
        e->exit = ERR_USAGE;
        return false;
    }
    return true;
}

/* A reader of our stdout gets the whole invite, and its end. */
static void end_stdout(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDOUT_FILENO);
        close(null);
    }
}

static void tell_use(const struct arguments *a, const struct invite *invite)
{
    if (strcmp(a->out, "-") == 0)
        end_stdout();
    else
        log_info("%s is written: copy it to %s and start there `tare-node --invite %s` (tare-netserver for a peer)",
                 a->out, invite->is_token ? "each node" : "the node", a->out);
}

/* ---- a token's time ---- */

static bool serve(const struct arguments *a, struct reach *r, const char *token, struct err *e)
{
    if (!reach_serve(r, e))
        return false;
    log_info("taking nodes in until %" PRId64 " are enrolled, the token expires, or Ctrl-C", a->uses);
    int64_t spent_mono = INT64_MAX, joined = 0, left = a->uses;
    for (struct hub_event event; hub_next(r->hub, clock_mono_ns() + clock_ms(LOOK_MS), &event, e);) {
        if (event.kind == HUB_SIGNAL && r->gives_way) {
            log_info("a run begins here, and takes nodes in: %s is good for %" PRId64 " more", token, left);
            return true;
        }
        if (event.kind == HUB_SIGNAL)
            return left == 0 || err_set(e, ERR_INTERRUPTED,
                                        "%s stays valid until it expires, for runs to take nodes in; "
                                        "`tare revoke %s` ends it",
                                        token, token);
        if (event.kind == HUB_JOINED) {
            log_info("%s joined from %s (tare-%s %s)", event.node->name, event.node->address, event.node->hello.program,
                     event.node->hello.version);
            joined++;
        }
        if (!keyring_token_left(r->keyring, token, clock_real_ns() / CLOCK_NS_PER_S, &left, e))
            return false;
        if (left == 0 && spent_mono == INT64_MAX)
            spent_mono = clock_mono_ns();
        /* Who is enrolled comes again with its own key: wait for that, so that it is told here. */
        if (left == 0 && (joined >= a->uses || clock_mono_ns() - spent_mono > clock_ms(JOIN_MS))) {
            log_info("%s enrols no more nodes: it is spent, expired or revoked", token);
            return true;
        }
    }
    return false;
}

/* ---- the command ---- */

static bool fill_endpoint(struct arguments *a, const struct reach *r, struct err *e)
{
    char why[160];
    if (*a->endpoint)
        return true;
    if (r->lab) {
        text_copy(a->endpoint, sizeof a->endpoint, lab_endpoint(r->lab));
        return true;
    }
    if (!endpoint_guess(r->port, a->endpoint, why, sizeof why, e))
        return false;
    log_info("nodes will dial %s (%s); --endpoint says otherwise", a->endpoint, why);
    return true;
}

static bool invite(struct arguments *a, struct reach *r, struct err *e)
{
    struct invite made = { .is_token = a->is_token };
    const struct keyring_token token = { a->uses, (clock_real_ns() + a->expires_ns) / CLOCK_NS_PER_S };
    if (!a->out && isatty(STDOUT_FILENO)) {
        snprintf(a->out_name, sizeof a->out_name, "%s.invite", a->is_token ? "lab" : a->name);
        a->out = a->out_name;
    } else if (!a->out) {
        a->out = "-";
    }
    if (!check_place(a->out, e) || !fill_endpoint(a, r, e))
        return false;
    text_copy(made.endpoint, sizeof made.endpoint, a->endpoint);
    text_copy(made.name, sizeof made.name, a->is_token ? "" : a->name);
    bool ok = keypair_make(&made.node, e) &&
              (r->client ? record_there(r, &made, &token, e) : record_here(r, &made, &token, e)) &&
              invite_write(a->out, &made, e);
    if (ok)
        tell_use(a, &made);
    if (ok && a->is_token && r->client)
        log_info("the run that goes on takes the nodes in; %s is valid for %" PRId64 " nodes", made.name, a->uses);
    if (ok && a->is_token && !r->client)
        ok = serve(a, r, made.name, e);
    invite_wipe(&made);
    return ok;
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    unsigned port;
    switch ((enum invite_option)option) {
    case OPT_LAB: a->is_token = true; return true;
    case OPT_IN_LAB:
        a->reach.is_lab = true;
        a->reach.lab_name = value;
        return true;
    case OPT_OUT: a->out = value; return true;
    case OPT_ENDPOINT:
        if (!endpoint_check(value, &port, e))
            return false;
        text_copy(a->endpoint, sizeof a->endpoint, value);
        if (a->reach.port == 0 && port != CHANNEL_PORT)
            a->reach.port = port;
        return true;
    case OPT_USES:
        if (!units_parse_int(value, &a->uses, e))
            return err_wrap(e, "--uses");
        return (a->uses > 0 && a->uses <= USES_MOST) || err_set(e, ERR_USAGE, "--uses: 1 to %d", USES_MOST);
    case OPT_EXPIRES:
        if (!units_parse_duration(value, &a->expires_ns, e))
            return err_wrap(e, "--expires");
        return a->expires_ns >= CLOCK_NS_PER_S || err_set(e, ERR_USAGE, "--expires: at least 1s");
    case OPT_PORT: return reach_take(&a->reach, REACH_PORT, value, e);
    }
    return true;
}

static bool check(struct arguments *a, int argc, char **argv, struct err *e)
{
    if (a->is_token ? optind != argc : optind + 1 != argc)
        return err_set(e, ERR_USAGE,
                       a->is_token ? "--lab takes no name (a lab on this machine is --in-lab NAME)"
                                   : "name one node, as in `tare invite web1`, or say --lab");
    a->name = a->is_token ? NULL : argv[optind];
    return a->is_token || text_is_name(a->name) ||
           err_set(e, ERR_USAGE, "'%.64s' is not a name (letters, digits, '-', '_', '.', at most 63)", a->name);
}

int cmd_invite(int argc, char **argv)
{
    struct arguments a = { .uses = USES, .expires_ns = 3600 * (int64_t)CLOCK_NS_PER_S };
    struct reach r = { 0 };
    struct err e = { 0 };
    int code = command_begin(&tare_invite, argc, argv, take, &a);
    if (code >= 0)
        return code;
    bool ok = check(&a, argc, argv, &e) && reach_open(&a.reach, &r, &e) && invite(&a, &r, &e);
    reach_close(&r, "`tare invite` is done");
    return ok ? 0 : command_fail(&tare_invite, &e);
}
