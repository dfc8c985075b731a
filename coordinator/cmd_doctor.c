#include "commands.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "base/log.h"
#include "base/units.h"
#include "doctor/show.h"
#include "run/keyring.h"
#include "wire/channel.h"

static const char HELP[] = "tare doctor - what on this machine is in the way, and the command that mends it\n"
                           "\n"
                           "It looks at what a coordinator needs here, and a lab with it. On the other machines:\n"
                           "`tare-node --doctor`, `tare-netserver --doctor`. Nothing is changed.\n"
                           "\n"
                           "  --port PORT                the run's port, TCP and UDP, default 5670\n"
                           "  --format table|json        for people or for programs\n"
                           "  --color auto|always|never  colours in the table; NO_COLOR is heeded\n"
                           "\n"
                           "Exit code: 0 when nothing fails (warnings may be there), 2 when something does.\n"
                           "\n"
                           "example: tare doctor --format json | jq -r '.findings[] | select(.remedy).remedy'\n";

struct arguments {
    const char *format, *color;
    int64_t port;
    bool help;
};

static bool parse(int argc, char **argv, struct arguments *a, struct err *e)
{
    static const struct option OPTIONS[] = {
        { "help", no_argument, NULL, 'h' },
        { "port", required_argument, NULL, 'p' },
        { "format", required_argument, NULL, 'f' },
        { "color", required_argument, NULL, 'c' },
        { 0 },
    };
    optind = 0; /* anew, also after main's own options */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", OPTIONS, NULL)) != -1;)
        switch (option) {
        case 'h': a->help = true; break;
        case 'f': a->format = optarg; break;
        case 'c': a->color = optarg; break;
        case 'p':
            if (!units_parse_int(optarg, &a->port, e))
                return err_wrap(e, "--port");
            if (a->port < 1 || a->port > UINT16_MAX)
                return err_set(e, ERR_USAGE, "--port: '%.40s' is outside 1 to 65535", optarg);
            break;
        case ':': return err_set(e, ERR_USAGE, "%.40s needs a value; see `tare doctor --help`", argv[optind - 1]);
        default: return err_set(e, ERR_USAGE, "unknown option '%.40s'; see `tare doctor --help`", argv[optind - 1]);
        }
    return optind == argc || err_set(e, ERR_USAGE, "what is '%.40s'? see `tare doctor --help`", argv[optind]);
}

int cmd_doctor(int argc, char **argv)
{
    struct arguments a = { .format = "table", .color = "auto", .port = CHANNEL_PORT };
    char keys[PATH_MAX] = "";
    int exit_code = 0;
    struct err e = { 0 };
    bool ok = parse(argc, argv, &a, &e);
    if (ok && a.help) {
        fputs(HELP, stdout);
        return 0;
    }
    if (!keyring_default_dir(keys, sizeof keys, NULL))
        keys[0] = '\0'; /* the check of the keys says so */
    struct doctor_place place = { .who = DOCTOR_COORDINATOR,
                                  .port = (unsigned)a.port,
                                  .keys = keys,
                                  .invite = "",
                                  .endpoint = "",
                                  .bad_invite = "" };
    ok = ok && doctor_show(&place, a.format, a.color, &exit_code, &e);
    if (!ok)
        log_error("doctor: %s", e.text);
    return ok ? exit_code : (int)e.exit;
}
