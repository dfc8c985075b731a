#include "agent_main.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session.h"
#include "base/log.h"
#include "base/text.h"

static void print_help(const struct agent *agent)
{
    printf("tare-%s %s - %s\n"
           "\n"
           "usage: tare-%s [--invite FILE] [OPTION]...\n"
           "\n"
           "  --invite FILE   what `tare invite` made (mode 0600), '-' to read it from stdin: this node's\n"
           "                  key, or a token, with which it enrols a key of its own and keeps that\n"
           "  --name NAME     to enrol under, and the kept key to use; default this host's name\n"
           "  --state DIR     where that key is kept (0700), default $XDG_CONFIG_HOME/tare\n"
           "  --verbose       show every step\n"
           "  --version, --help\n"
           "\n"
           "It joins the coordinator that the invite names and serves run after run until Ctrl-C.\n"
           "Without --invite it takes the key that it has kept.\n"
           "Example: tare-%s --invite host.invite\n",
           agent->program, TARE_VERSION, agent->doc, agent->program, agent->program);
}

enum { OPT_TEST_DIE_AT = 256, OPT_TEST_MAJOR };

static const struct option OPTIONS[] = {
    { "invite", required_argument, NULL, 'i' },
    { "name", required_argument, NULL, 'n' },
    { "state", required_argument, NULL, 's' },
    { "verbose", no_argument, NULL, 'v' },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
#ifdef TARE_TEST_FLAGS
    { "test-die-at", required_argument, NULL, OPT_TEST_DIE_AT },
    { "test-major", required_argument, NULL, OPT_TEST_MAJOR },
#endif
    { 0 },
};

/* The invite to go by: the one that was given; for a token, and where none was given, the one that is
 * kept. A token is what is left where none is. */
static bool find_invite(const char *given, const char *name, const char *state, struct session_options *o,
                        struct err *e)
{
    bool found = false;
    struct invite kept = { 0 };
    if (given && !invite_read(given, &o->invite, e))
        return false;
    if (given && !o->invite.is_token)
        return (!name && !state) ||
               err_set(e, ERR_USAGE, "--name and --state go with a token; %s is the invite of '%s'", given,
                       o->invite.name);
    if (!enrol_place(state, name, &o->place, e) || !enrol_kept(&o->place, &kept, &found, e))
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
    struct session_options options = { .agent = agent };
    const char *invite = NULL, *name = NULL, *state = NULL;
    struct err e = { 0 };
    for (int c; (c = getopt_long(argc, argv, "i:n:s:vVh", OPTIONS, NULL)) != -1;)
        switch (c) {
        case 'i': invite = optarg; break;
        case 'n': name = optarg; break;
        case 's': state = optarg; break;
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
    bool ok = find_invite(invite, name, state, &options, &e) && session_run(&options, &e);
    invite_wipe(&options.invite);
    if (!ok)
        log_error("%s", e.text);
    return ok ? 0 : (int)e.exit;
}
