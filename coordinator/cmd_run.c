/* cmd_run.c - `tare run`: a scenario, from its file to the table. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "commands.h"
#include "control/control.h"
#include "lab/lab.h"
#include "live/live.h"
#include "run/run.h"
#include "wire/channel.h"

static const char HELP[] =
    "usage: tare run [OPTION]... SCENARIO\n"
    "\n"
    "Waits for the nodes of the scenario, runs its steps, keeps every trial in the archive, and\n"
    "prints the table of `tare show` at the end.\n"
    "\n"
    "  --lab[=NAME]       in a lab of this machine's own namespaces, made for this run and gone with\n"
    "                     it; with a NAME in that one of `tare lab up`\n"
    "  --wait DURATION    for nodes that are missing, default 60s (in a lab 15s)\n"
    "  --port PORT        TCP and UDP, default 5670\n"
    "  --archive FILE     default $XDG_DATA_HOME/tare/archive.db\n"
    "  --host-arg ARG, --peer-arg ARG\n"
    "                     one more argument for the lab's tare-node or tare-netserver (repeatable)\n"
    "  --verbose          show every step\n"
    "\n"
    "The first Ctrl-C ends in order and keeps what there is, the second stops at once.\n"
    "Exit codes: 0 done, 1 internal, 2 usage or scenario, 3 node missing, 4 interrupted, 5 partial.\n"
    "Example: tare run --lab scenarios/quickstart.yaml\n";

enum {
    AGENT_ARGS = 16,
    OPT_LAB = 256,
    OPT_WAIT,
    OPT_PORT,
    OPT_ARCHIVE,
    OPT_HOST_ARG,
    OPT_PEER_ARG,
    OPT_VERBOSE,
    OPT_HELP
};

static const struct option OPTIONS[] = {
    { "lab", optional_argument, NULL, OPT_LAB },
    { "wait", required_argument, NULL, OPT_WAIT },
    { "port", required_argument, NULL, OPT_PORT },
    { "archive", required_argument, NULL, OPT_ARCHIVE },
    { "host-arg", required_argument, NULL, OPT_HOST_ARG },
    { "peer-arg", required_argument, NULL, OPT_PEER_ARG },
    { "verbose", no_argument, NULL, OPT_VERBOSE },
    { "help", no_argument, NULL, OPT_HELP },
    { 0 },
};

struct arguments {
    const char *scenario;
    bool is_lab;
    const char *lab_name; /* NULL: one of its own */
    int64_t wait_ns;      /* -1: by default */
    int64_t port;
    char archive[512];
    const char *host_args[AGENT_ARGS + 1], *peer_args[AGENT_ARGS + 1];
};

static bool add_arg(const char **args, const char *arg, struct err *e)
{
    size_t count = 0;
    while (args[count])
        count++;
    if (count == AGENT_ARGS)
        return err_set(e, ERR_USAGE, "more than %d arguments for an agent", AGENT_ARGS);
    args[count] = arg;
    return true;
}

static bool set_option(struct arguments *a, int option, const char *value, struct err *e)
{
    switch (option) {
    case OPT_LAB:
        a->is_lab = true;
        a->lab_name = value;
        return true;
    case OPT_WAIT: return units_parse_duration(value, &a->wait_ns, e) || err_wrap(e, "--wait");
    case OPT_PORT:
        if (!units_parse_int(value, &a->port, e))
            return err_wrap(e, "--port");
        return (a->port > 0 && a->port <= UINT16_MAX) ||
               err_set(e, ERR_USAGE, "--port: '%s' is outside 1 to 65535", value);
    case OPT_ARCHIVE:
        return text_copy(a->archive, sizeof a->archive, value) ||
               err_set(e, ERR_USAGE, "--archive: the path is too long");
    case OPT_HOST_ARG: return add_arg(a->host_args, value, e);
    case OPT_PEER_ARG: return add_arg(a->peer_args, value, e);
    case OPT_VERBOSE: log_set_level(LOG_DEBUG); return true;
    default: return err_set(e, ERR_USAGE, "see `tare run --help`");
    }
}

/* The lab that was asked for, and this process on its coordinator's port. */
static bool enter_lab(const struct arguments *a, struct lab **lab, struct err *e)
{
    const struct lab_options options = { .host_args = a->host_args, .peer_args = a->peer_args };
    if (a->lab_name ? !lab_find(a->lab_name, lab, e) : !lab_up(&options, lab, e))
        return false;
    return lab_enter(*lab, LAB_COORDINATOR, e);
}

/* Everything that is in place before the first node is waited for. */
struct stage {
    struct lab *lab;
    struct keyring *keyring;
    struct archive *archive;
    struct hub *hub;
    struct control *control;
    struct live *live;
};

static bool set_stage(struct stage *stage, struct arguments *a, const struct scenario *scenario, struct err *e)
{
    char keys[512];
    /* The lab first: only a process of one thread can move, and the hub starts some. */
    if (a->is_lab && !enter_lab(a, &stage->lab, e))
        return false;
    if (!*a->archive && !archive_default_path(a->archive, sizeof a->archive, e))
        return false;
    if (stage->lab ? !text_copy(keys, sizeof keys, lab_directory(stage->lab))
                   : !keyring_default_dir(keys, sizeof keys, e))
        return false;
    stage->live = live_plain();
    struct control_options control = { .scenario = scenario };
    if (!keyring_open(keys, &stage->keyring, e) || !archive_open(a->archive, &stage->archive, e) ||
        !hub_open(stage->keyring, (unsigned)a->port, &stage->hub, e) ||
        !control_place(stage->lab ? keys : NULL, (unsigned)a->port, &control.place, e))
        return false;
    control.hub = stage->hub;
    if (!control_open(&control, &stage->control, e))
        return false;
    live_set_tap(stage->live, &(struct live_tap){ control_tap, stage->control });
    return true;
}

static void clear_stage(struct stage *stage, bool ok)
{
    if (stage->live)
        live_set_tap(stage->live, NULL);
    control_close(&stage->control);
    hub_close(&stage->hub, ok ? "the run is over" : "the run has ended early");
    archive_close(&stage->archive);
    keyring_close(&stage->keyring);
    live_destroy(&stage->live);
    struct err e = { 0 };
    struct lab *lab = stage->lab;
    if (lab && !lab_down(&lab, &e))
        log_error("%s", e.text);
}

static int fail(const struct err *e)
{
    log_error("%s", e->text);
    return (int)e->exit;
}

/* The table, from the archive, as `tare show` gives it. */
static void show_run(char *archive, int64_t no)
{
    char which[24];
    snprintf(which, sizeof which, "%" PRId64, no);
    char *args[] = { "show", which, "--archive", archive, NULL };
    (void)cmd_show(ARRAY_SIZE(args) - 1, args); /* it has told its error; the run's own exit code stands */
}

static int run_scenario(const struct scenario *scenario, struct arguments *a)
{
    struct stage stage = { 0 };
    struct err e = { 0 };
    int64_t no = 0;
    bool ok = set_stage(&stage, a, scenario, &e);
    if (ok) {
        const struct run_options options = {
            .scenario = scenario,
            .hub = stage.hub,
            .archive = stage.archive,
            .live = stage.live,
            .wait_ns = a->wait_ns >= 0 ? a->wait_ns : clock_ms(a->is_lab ? 15000 : 60000),
            .join_hint = a->is_lab ? "" : "; start each with its invite: tare-node --invite FILE"
        };
        ok = run_conduct(&options, &no, &e);
    }
    if (a->lab_name)
        lab_close(&stage.lab);
    clear_stage(&stage, ok);
    if (no != 0) /* also one that was cut short */
        show_run(a->archive, no);
    return ok ? 0 : fail(&e);
}

int cmd_run(int argc, char **argv)
{
    struct arguments a = { .wait_ns = -1, .port = CHANNEL_PORT };
    struct err e = { 0 };
    optind = 0; /* glibc: begin anew */
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (c == OPT_HELP) {
            fputs(HELP, stdout);
            return 0;
        }
        if (!set_option(&a, c, optarg, &e))
            return fail(&e);
    }
    if (optind + 1 != argc) {
        log_error("run: name one scenario, as in `tare run --lab scenarios/quickstart.yaml`");
        return ERR_USAGE;
    }
    a.scenario = argv[optind];
    struct diags *diags = diags_new(strcmp(a.scenario, "-") == 0 ? "stdin" : a.scenario);
    struct scenario *scenario = NULL;
    int exit_code = ERR_USAGE;
    if (!diags)
        exit_code = fail(&(struct err){ ERR_INTERNAL, "out of memory" });
    else if (scenario_load(a.scenario, &scenario, diags))
        exit_code = run_scenario(scenario, &a);
    else
        diags_print(diags, stderr);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return exit_code;
}
