#include "agent_main.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/log.h"

static void print_help(const struct agent *agent)
{
    printf("tare-%s %s - %s\n"
           "\n"
           "usage: tare-%s --invite FILE\n"
           "\n"
           "  --invite FILE   what `tare` made for this node (mode 0600), '-' to read it from stdin\n"
           "  --verbose       show every step\n"
           "  --version, --help\n"
           "\n"
           "It joins the coordinator that the invite names and serves run after run until Ctrl-C.\n"
           "Example: tare-%s --invite host.invite\n",
           agent->program, TARE_VERSION, agent->doc, agent->program, agent->program);
}

enum { OPT_TEST_DIE_AT = 256, OPT_TEST_MAJOR };

static const struct option OPTIONS[] = {
    { "invite", required_argument, NULL, 'i' },
    { "verbose", no_argument, NULL, 'v' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
#ifdef TARE_TEST_FLAGS
    { "test-die-at", required_argument, NULL, OPT_TEST_DIE_AT },
    { "test-major", required_argument, NULL, OPT_TEST_MAJOR },
#endif
    { 0 },
};

int agent_main(int argc, char **argv, const struct agent *agent)
{
    struct session_options options = { .agent = agent };
    const char *invite = NULL;
    struct err e = { 0 };
    for (int c; (c = getopt_long(argc, argv, "i:vVh", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'i': invite = optarg; break;
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
