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
#include "base/signals.h"
#include "base/text.h"
#include "base/units.h"
#include "commands.h"
#include "control/client.h"
#include "control/control.h"
#include "lab/lab.h"
#include "lab_nodes.h"
#include "live/live.h"
#include "run/attempt.h"
#include "run/probe_log.h"
#include "run/run.h"
#include "run/tree_source.h"
#include "scenario/leave.h"
#include "scenario/override.h"
#include "scenario/plan_show.h"
#include "wire/channel.h"

enum {
    AGENT_ARGS = 16,
    WAY_MS = 3000, /* for the port to be free, of one who makes way */
    WAY_LOOK_MS = 50,
};
enum run_option {
    OPT_LAB,
    OPT_SET,
    OPT_DRY_RUN,
    OPT_WAIT,
    OPT_PORT,
    OPT_ARCHIVE,
    OPT_PROBES,
    OPT_HOST_ARG,
    OPT_PEER_ARG,
    OPT_LIVE,
    OPT_VERBOSE
};

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_LAB] = { .name = "lab", .kind = ARGUMENT_TEXT, .argument = "NAME", .is_optional = true,
                  .doc = "in a lab of this machine's own namespaces, with the hosts and peers of the scenario, made for "
                         "this run and gone with it; with a NAME in that one of `tare lab up`" },
    [OPT_SET] = OVERRIDE_OPTION,
    [OPT_DRY_RUN] = { .name = "dry-run", .doc = "print the plan, every trial with its nodes, and end: no node is needed" },
    [OPT_WAIT] = { .name = "wait", .kind = ARGUMENT_TEXT, .argument = "DURATION",
                   .doc = "for nodes that are missing, default 60s (in a lab 15s)" },
    [OPT_PORT] = { .name = "port", .kind = ARGUMENT_TEXT, .argument = "PORT", .doc = "TCP and UDP, default 5670" },
    [OPT_ARCHIVE] = { .name = "archive", .kind = ARGUMENT_FILE, .argument = "FILE",
                      .doc = "default $XDG_DATA_HOME/tare/archive.db" },
    [OPT_PROBES] = { .name = "probes", .kind = ARGUMENT_FILE, .argument = "FILE",
                     .doc = "write every clock probe there, as CSV, for those who check the bounds themselves" },
    [OPT_HOST_ARG] = { .name = "host-arg", .kind = ARGUMENT_TEXT, .argument = "ARG", .is_repeatable = true,
                       .doc = "one more argument for the lab's tare-node, on each host" },
    [OPT_PEER_ARG] = { .name = "peer-arg", .kind = ARGUMENT_TEXT, .argument = "ARG", .is_repeatable = true,
                       .doc = "one more argument for the lab's tare-netserver, on each peer" },
    [OPT_LIVE] = { .name = "live", .kind = ARGUMENT_WORD, .argument = LIVE_WORDS,
                   .doc = "what is shown meanwhile, on stderr; tty: one block, redrawn; plain: lines; jsonl: an object a "
                          "line, for programs; none: warnings only; by default tty on a terminal, else plain" },
    [OPT_VERBOSE] = { .name = "verbose", .doc = "show every step" },
};
/* clang-format on */

const struct command tare_run = {
    .name = "tare run",
    .doc = "run a scenario, keep and show what it found out",
    .text = "Waits for the nodes of the scenario, runs its steps, keeps every trial in the archive, and prints the "
            "table of `tare show` at the end. SCENARIO may be '-' for standard input.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "SCENARIO", ARGUMENT_FILE, 1, 1 } },
    .notes = "The first Ctrl-C ends in order and keeps what there is, the second stops at once.\n\n"
             "Exit codes: 0 done, 1 internal, 2 usage or scenario, 3 node missing, 4 interrupted, 5 partial.",
    .example = "tare run --lab scenarios/quickstart.yaml",
    .run = cmd_run,
};

struct arguments {
    const char *scenario;
    struct overrides overrides;
    bool dry_run;
    bool is_lab;
    const char *lab_name; /* NULL: one of its own */
    int64_t wait_ns;      /* -1: by default */
    int64_t port;
    enum live_kind live;
    char archive[512];
    const char *probes;
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

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    switch ((enum run_option)option) {
    case OPT_SET: return overrides_add(&a->overrides, value, e);
    case OPT_DRY_RUN: a->dry_run = true; return true;
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
    case OPT_PROBES: a->probes = value; return true;
    case OPT_HOST_ARG: return add_arg(a->host_args, value, e);
    case OPT_PEER_ARG: return add_arg(a->peer_args, value, e);
    case OPT_LIVE: return live_kind_from(value, &a->live, e) || err_wrap(e, "--live");
    case OPT_VERBOSE: log_set_level(LOG_DEBUG); return true;
    }
    return true;
}

/* The lab that was asked for, and this process on its coordinator's port. */
static bool enter_lab(const struct arguments *a, const struct scenario *scenario, struct lab **lab, struct err *e)
{
    struct lab_nodes nodes;
    if (!lab_nodes_of(scenario, &nodes, e))
        return false;
    const struct lab_options options = {
        .nodes = nodes.list, .node_count = nodes.count, .host_args = a->host_args, .peer_args = a->peer_args
    };
    if (a->lab_name ? !lab_find(a->lab_name, lab, e) || !lab_nodes_are_in(&nodes, *lab, e) : !lab_up(&options, lab, e))
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

static bool has_built_in_guests(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->node_count; i++)
        if (scenario->nodes[i].built_in)
            return true;
    return false;
}

static bool has_building_guests(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->node_count; i++)
        if (scenario->nodes[i].built_in && scenario->nodes[i].built_in->compiler)
            return true;
    return false;
}

/* Commands that only look on until a run comes (`tare nodes --watch`, `tare invite --lab`) make way for it. */
static bool open_hub(struct stage *stage, unsigned port, const struct control_place *place, struct err *e)
{
    struct err why = { 0 };
    bool is_asked = false;
    if (!client_clear_way(place, &is_asked, e))
        return false;
    int64_t end_mono = clock_mono_ns() + clock_ms(WAY_MS);
    while (!hub_open(stage->keyring, port, &stage->hub, &why)) {
        if (!is_asked || clock_mono_ns() > end_mono) {
            *e = why;
            return false;
        }
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(WAY_LOOK_MS));
    }
    return true;
}

static bool set_stage(struct stage *stage, struct arguments *a, const struct scenario *scenario, struct err *e)
{
    char keys[512];
    /* A signal while the lab is being built waits for the hub, so that it ends in order, too. */
    (void)signals_block();
    /* The lab first: only a process of one thread can move, and live view and hub start some. */
    if (a->is_lab && !enter_lab(a, scenario, &stage->lab, e))
        return false;
    if (!*a->archive && !archive_default_path(a->archive, sizeof a->archive, e))
        return false;
    if (stage->lab ? !text_copy(keys, sizeof keys, lab_directory(stage->lab))
                   : !keyring_default_dir(keys, sizeof keys, e))
        return false;
    struct control_options control = { .scenario = scenario };
    if (!live_open(a->live, STDERR_FILENO, &stage->live, e) || !keyring_open(keys, &stage->keyring, e) ||
        !archive_open(a->archive, &stage->archive, e) ||
        !control_place(stage->lab ? keys : NULL, (unsigned)a->port, &control.place, e) ||
        !open_hub(stage, (unsigned)a->port, &control.place, e))
        return false;
    control.hub = stage->hub;
    return control_open(&control, &stage->control, e) &&
           live_set_tap(stage->live, &(struct live_tap){ control_tap, stage->control }, e);
}

static void clear_stage(struct stage *stage, bool ok)
{
    if (stage->live)
        live_clear_tap(stage->live);
    control_close(&stage->control);
    hub_close(&stage->hub, ok ? "the run is over" : "the run has ended early");
    archive_close(&stage->archive);
    keyring_close(&stage->keyring);
    struct err e = { 0 };
    struct lab *lab = stage->lab;
    if (lab && !lab_down(&lab, &e))
        log_error("%s", e.text);
    live_close(&stage->live);
}

static int fail(const struct err *e)
{
    log_error("%s", e->text);
    return (int)e->exit;
}

/* The table, from the archive, as `tare show` gives it, with its exit code. */
static int show_run(char *archive, int64_t no)
{
    char which[24];
    snprintf(which, sizeof which, "%" PRId64, no);
    char *args[] = { "show", which, "--archive", archive, NULL };
    return cmd_show(ARRAY_SIZE(args) - 1, args);
}

/* Sources that are not here, of steps that are optional. Others fail when they are opened, with the same words. */
static bool fit_to_sources(struct scenario *scenario, struct err *e)
{
    for (size_t i = 0; i < scenario->step_count;) {
        const struct scenario_step *step = &scenario->steps[i];
        char source[256] = ""; /* of its own: the step goes */
        struct err why = { 0 };
        if (step->workload->source && step->is_optional)
            text_copy(source, sizeof source, step->workload->source(step->options));
        if (!*source || tree_source_is_there(source, &why))
            i++;
        else if (!scenario_leave_out_builds(scenario, source, why.text, e))
            return false;
    }
    return true;
}

/* What a lab's guests need is made before there is a lab, which has no way to the internet. */
static bool fit_to_lab(struct scenario *scenario, struct err *e)
{
    struct err why = { 0 };
    if (has_built_in_guests(scenario) && !lab_prepare_guests(e))
        return false;
    return !has_building_guests(scenario) || lab_prepare_builds(&why) ||
           scenario_leave_out_builds(scenario, NULL, why.text, e);
}

/* What cannot be run here is left out, where that is all right, and said. */
static bool fit_to_machines(struct scenario *scenario, const struct arguments *a, struct err *e)
{
    if (!a->is_lab && !scenario_leave_out_lab_steps(scenario, e))
        return false;
    return fit_to_sources(scenario, e) && (!a->is_lab || a->dry_run || fit_to_lab(scenario, e));
}

/* Of guests, as far as it can be known before they run. */
static enum pace_accel accel_of(const struct arguments *a)
{
    return a->is_lab && lab_has_no_kvm() ? PACE_EMULATED : PACE_UNKNOWN;
}

static int run_scenario(const struct scenario *scenario, struct arguments *a)
{
    struct stage stage = { 0 };
    struct err e = { 0 };
    int64_t no = 0;
    FILE *probes = NULL;
    bool ok = (!a->probes || probe_log_open(a->probes, &probes, &e)) && set_stage(&stage, a, scenario, &e);
    if (ok) {
        const struct run_options options = {
            .scenario = scenario,
            .hub = stage.hub,
            .archive = stage.archive,
            .live = stage.live,
            .probe_log = probes,
            .wait_ns = a->wait_ns >= 0 ? a->wait_ns : clock_ms(a->is_lab ? 15000 : 60000),
            .guest_address = a->is_lab ? lab_guest_address : NULL,
            .lift_shaping = a->is_lab ? lab_lift_shaping : NULL,
            .lab = stage.lab,
            .accel = accel_of(a),
            .join_hint = a->is_lab ? ""
                                   : "; start each with its invite (`tare invite NAME`): tare-node --invite FILE, "
                                     "on the peer tare-netserver --invite FILE",
        };
        ok = run_conduct(&options, &no, &e);
    }
    struct err why = { 0 };
    if (!probe_log_close(&probes, a->probes, &why) && ok) {
        e = why;
        ok = false;
    }
    if (!ok && stage.lab && a->live != LIVE_JSONL)
        lab_tell_ended(stage.lab);
    if (a->lab_name)
        lab_close(&stage.lab);
    if (stage.live)
        live_end(stage.live, no == 0 ? "" : run_status_name(ok ? RUN_COMPLETE : RUN_PARTIAL), ok ? 0 : (int)e.exit,
                 e.text);
    bool told = stage.live && a->live == LIVE_JSONL; /* what a program reads stays free of other lines */
    clear_stage(&stage, ok);
    int shown = no != 0 ? show_run(a->archive, no) : 0; /* also one that was cut short */
    return ok ? shown : told ? (int)e.exit : fail(&e);
}

static int show_plan(const struct scenario *scenario, enum pace_accel accel)
{
    struct pace *pace = pace_new(scenario, attempt_overhead_ns(), accel);
    const bool is_shown = pace && plan_show(scenario, pace, stdout);
    pace_destroy(&pace);
    if (is_shown)
        return 0;
    return fail(&(struct err){ ERR_INTERNAL, "out of memory" });
}

int cmd_run(int argc, char **argv)
{
    struct arguments a = { .wait_ns = -1, .port = CHANNEL_PORT };
    int exit_code = command_begin(&tare_run, argc, argv, take, &a);
    if (exit_code >= 0)
        return exit_code;
    a.scenario = argv[optind];
    struct diags *diags = diags_new(strcmp(a.scenario, "-") == 0 ? "stdin" : a.scenario);
    struct scenario *scenario = NULL;
    struct err e = { 0 };
    exit_code = ERR_USAGE;
    if (!diags)
        exit_code = fail(&(struct err){ ERR_INTERNAL, "out of memory" });
    else if (scenario_load_with(a.scenario, a.overrides.list, &scenario, diags))
        exit_code = !fit_to_machines(scenario, &a, &e) ? fail(&e)
                    : a.dry_run                        ? show_plan(scenario, accel_of(&a))
                                                       : run_scenario(scenario, &a);
    else
        diags_print(diags, stderr);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return exit_code;
}
