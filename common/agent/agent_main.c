#include "agent_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "doctor/show.h"

enum option_of_agent {
    OPT_INVITE,
    OPT_NAME,
    OPT_STATE,
    OPT_DOCTOR,
    OPT_FORMAT,
    OPT_VERBOSE,
    OPT_VERSION,
    OPT_MAN,
#ifdef TARE_TEST_FLAGS
    OPT_TEST_DIE_AT,
    OPT_TEST_MAJOR,
    OPT_TEST_DRIFT,
    OPT_TEST_STAMPS,
#endif
};

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_INVITE] = { .name = "invite", .letter = 'i', .kind = ARGUMENT_FILE, .argument = "FILE",
                     .doc = "what `tare invite` made (mode 0600), '-' to read it from stdin: this node's key, or a token, with "
                            "which it enrols a key of its own and keeps that" },
    [OPT_NAME] = { .name = "name", .kind = ARGUMENT_TEXT, .argument = "NAME",
                   .doc = "to enrol under, and the kept key to use; default this host's name" },
    [OPT_STATE] = { .name = "state", .kind = ARGUMENT_FILE, .argument = "DIR",
                    .doc = "where that key is kept (0700), default $XDG_CONFIG_HOME/tare" },
    [OPT_DOCTOR] = { .name = "doctor",
                     .doc = "what on this machine is in the way, and what mends it, with --invite on the way to its "
                            "coordinator, too; exit code 2 when something does not work, else 0" },
    [OPT_FORMAT] = { .name = "format", .kind = ARGUMENT_WORD, .argument = "table|json",
                     .doc = "of the doctor: for people or for programs" },
    [OPT_VERBOSE] = { .name = "verbose", .letter = 'v', .doc = "show every step" },
    [OPT_VERSION] = { .name = "version", .letter = 'V', .doc = "which version this is" },
    [OPT_MAN] = { .name = "man", .is_hidden = true, .doc = "the manual page, for the build" },
#ifdef TARE_TEST_FLAGS
    [OPT_TEST_DIE_AT] = { .name = "test-die-at", .kind = ARGUMENT_TEXT, .argument = "STATE", .is_hidden = true },
    [OPT_TEST_MAJOR] = { .name = "test-major", .kind = ARGUMENT_TEXT, .argument = "N", .is_hidden = true },
    [OPT_TEST_DRIFT] = { .name = "test-drift", .kind = ARGUMENT_TEXT, .argument = "PPM", .is_hidden = true },
    [OPT_TEST_STAMPS] = { .name = "test-stamps", .kind = ARGUMENT_WORD, .argument = "user|rx|tx+rx", .is_hidden = true },
#endif
};
/* clang-format on */

struct arguments {
    struct session_options session;
    const char *invite, *name, *state, *format;
    bool doctor, version, man;
};

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    (void)e;
    switch ((enum option_of_agent)option) {
    case OPT_INVITE: a->invite = value; break;
    case OPT_NAME: a->name = value; break;
    case OPT_STATE: a->state = value; break;
    case OPT_DOCTOR: a->doctor = true; break;
    case OPT_FORMAT: a->format = value; break;
    case OPT_VERBOSE: log_set_level(LOG_DEBUG); break;
    case OPT_VERSION: a->version = true; break;
    case OPT_MAN: a->man = true; break;
#ifdef TARE_TEST_FLAGS
    case OPT_TEST_DIE_AT: a->session.die_at = value; break;
    case OPT_TEST_MAJOR: a->session.test_major = (uint32_t)strtoul(value, NULL, 10); break;
    case OPT_TEST_DRIFT: clock_test_drift(strtoll(value, NULL, 10) * 1000); break;
    case OPT_TEST_STAMPS: a->session.stamps = stamp_kind_from(value); break;
#endif
    }
    return true;
}

/* Look at this machine, and at the invite that it would go by; gives the exit code. */
static int examine(const struct agent *agent, const struct arguments *a)
{
    struct invite invite = { 0 };
    struct enrol_place kept;
    struct err bad = { 0 }, e = { 0 };
    char path[sizeof kept.dir + sizeof kept.name + 16] = "";
    int exit_code = 0;
    bool has_invite = a->invite && invite_read(a->invite, &invite, &bad);
    if (a->invite)
        text_copy(path, sizeof path, a->invite);
    else if (enrol_place(a->state, a->name, &kept, NULL) && enrol_kept(&kept, &invite, &has_invite, &bad) && has_invite)
        snprintf(path, sizeof path, "%s/%s.invite", kept.dir, kept.name);
    struct doctor_place place = {
        .who = strcmp(agent->program, "node") == 0 ? DOCTOR_NODE : DOCTOR_NETSERVER,
        .keys = "",
        .invite = path,
        .endpoint = has_invite ? invite.endpoint : "",
        .bad_invite = bad.text,
    };
    bool ok = doctor_show(&place, a->format ? a->format : "table", "auto", &exit_code, &e);
    invite_wipe(&invite);
    if (!ok)
        log_error("doctor: %s", e.text);
    return ok ? exit_code : (int)e.exit;
}

/* The invite to go by: the one that was given; for a token, and where none was given, the one that is
 * kept. A token is what is left where none is. */
static bool find_invite(const struct arguments *a, struct session_options *o, struct err *e)
{
    const char *given = a->invite;
    bool found = false;
    struct invite kept = { 0 };
    if (given && !invite_read(given, &o->invite, e))
        return false;
    if (given && !o->invite.is_token)
        return (!a->name && !a->state) ||
               err_set(e, ERR_USAGE, "--name and --state go with a token; %s is the invite of '%s'", given,
                       o->invite.name);
    if (!enrol_place(a->state, a->name, &o->place, e) || !enrol_kept(&o->place, &kept, &found, e))
        return false;
    if (!found)
        return given || err_set(e, ERR_USAGE,
                                "--invite FILE is missing, and no key is kept as %s/%s.invite: `tare invite` on the "
                                "coordinator makes one",
                                o->place.dir, o->place.name);
    bool ok = !given || strcmp(kept.server_key, o->invite.server_key) == 0 ||
              err_set(e, ERR_USAGE,
                      "%s/%s.invite is for another coordinator (%s): move it away, or say another --name or --state",
                      o->place.dir, o->place.name, kept.endpoint);
    if (ok) {
        if (given) /* the same coordinator; the token tells where it is now */
            text_copy(kept.endpoint, sizeof kept.endpoint, o->invite.endpoint);
        log_info("going by %s/%s.invite", o->place.dir, o->place.name);
        o->invite = kept;
    }
    invite_wipe(&kept);
    return ok;
}

int agent_main(int argc, char **argv, const struct agent *agent)
{
    char name[64], example[128];
    snprintf(name, sizeof name, "tare-%s", agent->program);
    snprintf(example, sizeof example, "%s --invite host.invite", name);
    const struct command command = {
        .name = name,
        .doc = agent->doc,
        .text =
            "It joins the coordinator that the invite names and serves run after run until Ctrl-C. Without --invite "
            "it takes the key that it has kept.",
        .options = OPTIONS,
        .option_count = ARRAY_SIZE(OPTIONS),
        .example = example,
    };
    struct arguments a = { .session = { .agent = agent } };
    struct err e = { 0 };
    int code = command_begin(&command, argc, argv, take, &a);
    if (code >= 0)
        return code;
    if (a.version) {
        printf("%s %s\n", name, TARE_VERSION);
        return 0;
    }
    if (a.man) {
        command_man(&command, "tare(1), tare-run(1), tare-invite(1)", stdout);
        return 0;
    }
    if (a.format && !a.doctor) {
        log_error("--format belongs to --doctor");
        return ERR_USAGE;
    }
    if (a.doctor)
        return examine(agent, &a);
    bool ok = find_invite(&a, &a.session, &e) && session_run(&a.session, &e);
    invite_wipe(&a.session.invite);
    if (!ok)
        log_error("%s", e.text);
    return ok ? 0 : (int)e.exit;
}
