#include "agent_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
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
    OPT_TEST_STEP_AT,
    OPT_TEST_PROTOCOL,
    OPT_TEST_CATALOGUE,
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
    [OPT_TEST_STEP_AT] = { .name = "test-step-at", .kind = ARGUMENT_TEXT, .argument = "STATE", .is_hidden = true },
    [OPT_TEST_PROTOCOL] = { .name = "test-protocol", .kind = ARGUMENT_TEXT, .argument = "MAJOR.MINOR", .is_hidden = true },
    [OPT_TEST_CATALOGUE] = { .name = "test-catalogue", .kind = ARGUMENT_TEXT, .argument = "LINES", .is_hidden = true },
    [OPT_TEST_DRIFT] = { .name = "test-drift", .kind = ARGUMENT_TEXT, .argument = "PPM", .is_hidden = true },
    [OPT_TEST_STAMPS] = { .name = "test-stamps", .kind = ARGUMENT_WORD, .argument = "user|rx|tx+rx", .is_hidden = true },
#endif
};
/* clang-format on */

struct arguments {
    struct session_options session;
    const char *invite, *name, *state, *format;
    bool doctor, version, man;
    bool is_alone; /* no coordinator: only what the program serves beside one */
};

enum { OPTIONS_MOST = 32 };

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    const struct agent_service *service = a->session.agent->service;
    if ((size_t)option >= ARRAY_SIZE(OPTIONS))
        return service->take(service->state, option - (int)ARRAY_SIZE(OPTIONS), value, e);
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
    case OPT_TEST_DIE_AT: a->session.test_points.die_at = value; break;
    case OPT_TEST_STEP_AT: a->session.test_points.step_at = value; break;
    case OPT_TEST_PROTOCOL: a->session.test_protocol = value; break;
    case OPT_TEST_CATALOGUE: a->session.test_catalogue = value; break;
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
static bool find_invite(struct arguments *a, struct err *e)
{
    struct session_options *o = &a->session;
    const struct agent_service *service = o->agent->service;
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
    a->is_alone = !given && !found && !a->name && !a->state && service && service->works_alone &&
                  service->is_wanted(service->state);
    if (!found)
        return given || a->is_alone ||
               err_set(e, ERR_USAGE,
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

/* Until a signal asks for the end. */
static bool run_alone(void)
{
    const sigset_t ends = signals_block();
    int which;
    signal(SIGPIPE, SIG_IGN);
    log_info("no coordinator: without an invite only netperf is served");
    return sigwait(&ends, &which) == 0;
}

static int run_instead(const struct agent_service *service)
{
    return service && service->instead ? service->instead(service->state) : -1;
}

static bool run_agent(struct arguments *a, struct err *e)
{
    const struct agent_service *service = a->session.agent->service;
    bool is_serving = service && service->is_wanted(service->state);
    signals_block(); /* threads inherit it */
    if (!find_invite(a, e) || (is_serving && !service->start(service->state, a->session.invite.endpoint, e)))
        return false;
    bool ok = a->is_alone ? run_alone() : session_run(&a->session, e);
    if (is_serving)
        service->stop(service->state);
    return ok;
}

/* The program's own options behind those of every agent. */
static size_t all_options(const struct agent *agent, struct command_option options[OPTIONS_MOST])
{
    size_t count = ARRAY_SIZE(OPTIONS), more = agent->service ? agent->service->option_count : 0;
    memcpy(options, OPTIONS, sizeof OPTIONS);
    for (size_t i = 0; i < more && count < OPTIONS_MOST; i++)
        options[count++] = agent->service->options[i];
    return count;
}

int agent_main(int argc, char **argv, const struct agent *agent)
{
    char name[64], example[128];
    snprintf(name, sizeof name, "tare-%s", agent->program);
    snprintf(example, sizeof example, "%s --invite host.invite", name);
    struct command_option options[OPTIONS_MOST];
    const struct command command = {
        .name = name,
        .doc = agent->doc,
        .text = agent->text,
        .options = options,
        .option_count = all_options(agent, options),
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
    code = run_instead(agent->service);
    if (code >= 0)
        return code;
    bool ok = run_agent(&a, &e);
    invite_wipe(&a.session.invite);
    if (!ok)
        log_error("%s", e.text);
    return ok ? 0 : (int)e.exit;
}
