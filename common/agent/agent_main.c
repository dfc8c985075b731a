#include "agent_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "doctor/show.h"

enum option_of_agent {
    OPT_INVITE,
    OPT_DOCTOR,
    OPT_FORMAT,
    OPT_VERBOSE,
    OPT_VERSION,
    OPT_MAN,
#ifdef TARE_TEST_FLAGS
    OPT_TEST_DIE_AT,
    OPT_TEST_MAJOR,
#endif
};

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_INVITE] = { .name = "invite", .letter = 'i', .kind = ARGUMENT_FILE, .argument = "FILE",
                     .doc = "what `tare` made for this node (mode 0600), '-' to read it from stdin" },
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
#endif
};
/* clang-format on */

struct arguments {
    struct session_options session;
    const char *invite, *format;
    bool doctor, version, man;
};

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    (void)e;
    switch ((enum option_of_agent)option) {
    case OPT_INVITE: a->invite = value; break;
    case OPT_DOCTOR: a->doctor = true; break;
    case OPT_FORMAT: a->format = value; break;
    case OPT_VERBOSE: log_set_level(LOG_DEBUG); break;
    case OPT_VERSION: a->version = true; break;
    case OPT_MAN: a->man = true; break;
#ifdef TARE_TEST_FLAGS
    case OPT_TEST_DIE_AT: a->session.die_at = value; break;
    case OPT_TEST_MAJOR: a->session.test_major = (uint32_t)strtoul(value, NULL, 10); break;
#endif
    }
    return true;
}

/* Look at this machine, and at the invite where one was named; gives the exit code. */
static int examine(const struct agent *agent, const char *path, const char *format)
{
    struct invite invite = { 0 };
    struct err bad = { 0 }, e = { 0 };
    int exit_code = 0;
    bool has_invite = path && invite_read(path, &invite, &bad);
    struct doctor_place place = {
        .who = strcmp(agent->program, "node") == 0 ? DOCTOR_NODE : DOCTOR_NETSERVER,
        .keys = "",
        .invite = path ? path : "",
        .endpoint = has_invite ? invite.endpoint : "",
        .bad_invite = bad.text,
    };
    bool ok = doctor_show(&place, format ? format : "table", "auto", &exit_code, &e);
    invite_wipe(&invite);
    if (!ok)
        log_error("doctor: %s", e.text);
    return ok ? exit_code : (int)e.exit;
}

int agent_main(int argc, char **argv, const struct agent *agent)
{
    char name[64], example[128];
    snprintf(name, sizeof name, "tare-%s", agent->program);
    snprintf(example, sizeof example, "%s --invite host.invite", name);
    const struct command command = {
        .name = name,
        .doc = agent->doc,
        .text = "It joins the coordinator that the invite names and serves run after run until Ctrl-C.",
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
        command_man(&command, "tare(1), tare-run(1)", stdout);
        return 0;
    }
    if (a.format && !a.doctor) {
        log_error("--format belongs to --doctor");
        return ERR_USAGE;
    }
    if (a.doctor)
        return examine(agent, a.invite, a.format);
    if (!a.invite) {
        log_error("--invite FILE is missing: the coordinator's `tare` makes one for each node");
        return ERR_USAGE;
    }
    bool ok = invite_read(a.invite, &a.session.invite, &e) && session_run(&a.session, &e);
    invite_wipe(&a.session.invite);
    if (!ok)
        log_error("%s", e.text);
    return ok ? 0 : (int)e.exit;
}
