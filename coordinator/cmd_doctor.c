/* cmd_doctor.c - `tare doctor`: what on this machine is in the way. */
#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "commands.h"
#include "doctor/show.h"
#include "run/keyring.h"
#include "wire/channel.h"

enum doctor_option { OPT_PORT, OPT_FORMAT, OPT_COLOR };

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_PORT] = { .name = "port", .kind = ARGUMENT_TEXT, .argument = "PORT",
                   .doc = "the run's port, TCP and UDP, default 5670" },
    [OPT_FORMAT] = { .name = "format", .kind = ARGUMENT_WORD, .argument = "table|json",
                     .doc = "for people or for programs" },
    [OPT_COLOR] = { .name = "color", .kind = ARGUMENT_WORD, .argument = "auto|always|never",
                    .doc = "colours in the table; NO_COLOR is heeded" },
};
/* clang-format on */

const struct command tare_doctor = {
    .name = "tare doctor",
    .doc = "what on this machine is in the way, and what mends it",
    .text = "It looks at what a coordinator needs here, and a lab with it. On the other machines: "
            "`tare-node --doctor`, `tare-netserver --doctor`. Nothing is changed.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .notes = "Exit code: 0 when nothing fails (warnings may be there), 2 when something does.",
    .example = "tare doctor --format json | jq -r '.findings[] | select(.remedy).remedy'",
    .run = cmd_doctor,
};

struct arguments {
    const char *format, *color;
    int64_t port;
};

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    switch ((enum doctor_option)option) {
    case OPT_FORMAT: a->format = value; return true;
    case OPT_COLOR: a->color = value; return true;
    case OPT_PORT:
        if (!units_parse_int(value, &a->port, e))
            return err_wrap(e, "--port");
        return (a->port > 0 && a->port <= UINT16_MAX) ||
               err_set(e, ERR_USAGE, "--port: '%.40s' is outside 1 to 65535", value);
    }
    return true;
}

int cmd_doctor(int argc, char **argv)
{
    struct arguments a = { .format = "table", .color = "auto", .port = CHANNEL_PORT };
    char keys[PATH_MAX] = "";
    struct err e = { 0 };
    int exit_code = command_begin(&tare_doctor, argc, argv, take, &a);
    if (exit_code >= 0)
        return exit_code;
    if (!keyring_default_dir(keys, sizeof keys, NULL))
        keys[0] = '\0'; /* the check of the keys says so */
    struct doctor_place place = { .who = DOCTOR_COORDINATOR,
                                  .port = (unsigned)a.port,
                                  .keys = keys,
                                  .invite = "",
                                  .endpoint = "",
                                  .bad_invite = "" };
    if (!doctor_show(&place, a.format, a.color, &exit_code, &e))
        return command_fail(&tare_doctor, &e);
    return exit_code;
}
