#include "agent_main.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/log.h"
#include "doctor/show.h"

static void print_help(const struct agent *agent)
{
    printf("tare-%s %s - %s\n"
           "\n"
           "usage: tare-%s --invite FILE\n"
           "       tare-%s --doctor [--invite FILE] [--format table|json]\n"
           "\n"
           "  --invite FILE   what `tare` made for this node (mode 0600), '-' to read it from stdin\n"
           "  --doctor        what on this machine is in the way, and what mends it; exit code 2 when\n"
           "                  something does not work, 0 otherwise\n"
           "  --format F      of the doctor: table, or json for programs\n"
           "  --verbose       show every step\n"
           "  --version, --help\n"
           "\n"
           "It joins the coordinator that the invite names and serves run after run until Ctrl-C.\n"
           "Example: tare-%s --invite host.invite\n",
           agent->program, TARE_VERSION, agent->doc, agent->program, agent->program, agent->program);
}

enum { OPT_DOCTOR = 256, OPT_FORMAT, OPT_TEST_DIE_AT, OPT_TEST_MAJOR };

static const struct option OPTIONS[] = {
    { "invite", required_argument, NULL, 'i' },
    { "doctor", no_argument, NULL, OPT_DOCTOR },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "verbose", no_argument, NULL, 'v' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
#ifdef TARE_TEST_FLAGS
    { "test-die-at", required_argument, NULL, OPT_TEST_DIE_AT },
    { "test-major", required_argument, NULL, OPT_TEST_MAJOR },
#endif
    { 0 },
};

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
    struct session_options options = { .agent = agent };
    const char *invite = NULL, *format = NULL;
    bool doctor = false;
    struct err e = { 0 };
    for (int c; (c = getopt_long(argc, argv, "i:vVh", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'i': invite = optarg; break;
        case OPT_DOCTOR: doctor = true; break;
        case OPT_FORMAT: format = optarg; break;
        case 'v': log_set_level(LOG_DEBUG); break;
        case 'V': printf("tare-%s %s\n", agent->program, TARE_VERSION); return 0;
        case 'h': print_help(agent); return 0;
        case OPT_TEST_DIE_AT: options.die_at = optarg; break;
        case OPT_TEST_MAJOR: options.test_major = (uint32_t)strtoul(optarg, NULL, 10); break;
        default: fprintf(stderr, "tare-%s --help tells the options\n", agent->program); return ERR_USAGE;
        }
    if (optind < argc) {
        log_error("'%s' is not an option; --help tells them", argv[optind]);
        return ERR_USAGE;
    }
    if (format && !doctor) {
        log_error("--format belongs to --doctor");
        return ERR_USAGE;
    }
    if (doctor)
        return examine(agent, invite, format);
    if (!invite) {
        log_error("--invite FILE is missing: the coordinator's `tare` makes one for each node");
        return ERR_USAGE;
    }
    bool ok = invite_read(invite, &options.invite, &e) && session_run(&options, &e);
    invite_wipe(&options.invite);
    if (!ok)
        log_error("%s", e.text);
    return ok ? 0 : (int)e.exit;
}
