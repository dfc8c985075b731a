/* cmd_lab.c - `tare lab`: host, peer and switch on this one machine. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "commands.h"
#include "lab/lab.h"
#include "lab/relay.h"
#include "lab_nodes.h"

enum { AGENT_ARGS = 32 };

enum up_option { UP_SCENARIO, UP_FOREGROUND, UP_NO_SHAPING, UP_NO_TIME_SHIFT, UP_IPV6, UP_HOST_ARG, UP_PEER_ARG };

/* clang-format off */
static const struct command_option UP_OPTIONS[] = {
    [UP_SCENARIO] = { .name = "scenario", .kind = ARGUMENT_FILE, .argument = "FILE",
                      .doc = "with the hosts and peers of this scenario; else one host and one peer" },
    [UP_FOREGROUND] = { .name = "foreground",
                        .doc = "stay until Ctrl-C, and take the lab down then; it ends with this process, however that ends" },
    [UP_NO_SHAPING] = { .name = "no-shaping", .doc = "leave the ports as fast as this machine is" },
    [UP_NO_TIME_SHIFT] = { .name = "no-time-shift",
                           .doc = "let all machines read this one's clocks; else those of the nodes are years apart" },
    [UP_IPV6] = { .name = "ipv6", .doc = "addresses of IPv6, and none of IPv4" },
    [UP_HOST_ARG] = { .name = "host-arg", .kind = ARGUMENT_TEXT, .argument = "ARG", .is_repeatable = true,
                      .doc = "one more argument for tare-node, on each host" },
    [UP_PEER_ARG] = { .name = "peer-arg", .kind = ARGUMENT_TEXT, .argument = "ARG", .is_repeatable = true,
                      .doc = "one more argument for tare-netserver, on each peer" },
};
static const struct command_option DOWN_OPTIONS[] = { { .name = "all", .doc = "every lab there is" } };
static const struct command_option EXEC_OPTIONS[] = {
    { .name = "lab", .kind = ARGUMENT_TEXT, .argument = "NAME", .doc = "which lab, where there are several" },
};
/* clang-format on */

static int up(int argc, char **argv);
static int down(int argc, char **argv);
static int status(int argc, char **argv);
static int exec(int argc, char **argv);

static const struct command UP = {
    .name = "tare lab up",
    .doc = "build a lab and start its agents",
    .text = "NAME is 'lab' where none is given. `tare run --lab=NAME SCENARIO` runs in it.",
    .options = UP_OPTIONS,
    .option_count = ARRAY_SIZE(UP_OPTIONS),
    .operands = { { "NAME", ARGUMENT_TEXT, 0, 1 } },
    .run = up,
};
static const struct command DOWN = {
    .name = "tare lab down",
    .doc = "end a lab: processes, network, files",
    .text = "Without a NAME the only lab there is.",
    .options = DOWN_OPTIONS,
    .option_count = ARRAY_SIZE(DOWN_OPTIONS),
    .operands = { { "NAME", ARGUMENT_TEXT, 0, 1 } },
    .run = down,
};
static const struct command STATUS = { .name = "tare lab status", .doc = "the labs there are", .run = status };
static const struct command EXEC = {
    .name = "tare lab exec",
    .doc = "run a command on a machine of a lab",
    .options = EXEC_OPTIONS,
    .option_count = ARRAY_SIZE(EXEC_OPTIONS),
    .text = "`tare lab status` tells the machines.",
    .operands = { { "host|peer|coordinator|switch", ARGUMENT_HINT, 1, 1 }, { "COMMAND", ARGUMENT_COMMAND, 1, -1 } },
    .notes = "The exit status is that of COMMAND, 128 + N when signal N ended it.",
    .example = "tare lab exec host -- ip address",
    .run = exec,
};
static const struct command *const SUBS[] = { &UP, &DOWN, &STATUS, &EXEC, NULL };

const struct command tare_lab = {
    .name = "tare lab",
    .doc = "hosts, peer and switch on this machine",
    .text = "A lab is hosts, peers and a coordinator's port on a switch of 100 Mbit/s, made of this machine's own "
            "namespaces: nothing outside it is touched. As root its programs may use SCHED_FIFO; an ordinary user can "
            "make one, too.",
    .subs = SUBS,
};

static int fail(const struct err *e)
{
    log_error("%s", e->text);
    return (int)e->exit;
}

static int usage(const char *what, const char *argument)
{
    log_error("lab: %s%s%s%s (`tare lab --help`)", what, argument ? " '" : "", argument ? argument : "",
              argument ? "'" : "");
    return ERR_USAGE;
}

struct up_options {
    struct lab_options lab;
    const char *scenario; /* NULL: one host and one peer */
    struct lab_nodes nodes;
    bool foreground;
    const char *host_args[AGENT_ARGS + 1], *peer_args[AGENT_ARGS + 1];
};

static bool add_argument(const char *list[AGENT_ARGS + 1], const char *argument)
{
    size_t count = 0;
    while (list[count])
        count++;
    if (count == AGENT_ARGS)
        return false;
    list[count] = argument;
    return true;
}

static bool take_up(void *to, int option, const char *value, struct err *e)
{
    struct up_options *options = to;
    bool fits = true;
    switch ((enum up_option)option) {
    case UP_SCENARIO: options->scenario = value; break;
    case UP_FOREGROUND: options->foreground = true; break;
    case UP_NO_SHAPING: options->lab.no_shaping = true; break;
    case UP_NO_TIME_SHIFT: options->lab.no_time_shift = true; break;
    case UP_IPV6: options->lab.ipv6 = true; break;
    case UP_HOST_ARG: fits = add_argument(options->host_args, value); break;
    case UP_PEER_ARG: fits = add_argument(options->peer_args, value); break;
    }
    return fits || err_set(e, ERR_USAGE, "too many arguments for an agent at '%.40s'", value);
}

/* The nodes of the scenario's file; its mistakes are told as `tare check` tells them. */
static bool read_nodes(struct up_options *options, struct err *e)
{
    struct diags *diags = diags_new(options->scenario);
    struct scenario *scenario = NULL;
    if (!diags)
        return err_set(e, ERR_INTERNAL, "out of memory");
    bool ok = scenario_load(options->scenario, &scenario, diags);
    if (ok)
        ok = lab_nodes_of(scenario, &options->nodes, e);
    else {
        diags_print(diags, stderr);
        err_set(e, ERR_USAGE, "no lab is made for a scenario with mistakes");
    }
    options->lab.nodes = options->nodes.list;
    options->lab.node_count = options->nodes.count;
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return ok;
}

/* -1, or the exit code. */
static int parse_up(int argc, char **argv, struct up_options *options)
{
    *options = (struct up_options){ .lab = { .name = "lab" } };
    int code = command_begin(&UP, argc, argv, take_up, options);
    if (code >= 0)
        return code;
    if (optind < argc)
        options->lab.name = argv[optind];
    options->lab.stays = !options->foreground;
    options->lab.host_args = options->host_args;
    options->lab.peer_args = options->peer_args;
    struct err e = { 0 };
    return !options->scenario || read_nodes(options, &e) ? -1 : fail(&e);
}

/* Until a signal, or until the lab ends by itself. */
static int stay(struct lab **lab, int signals)
{
    struct err e;
    struct pollfd events[] = { { .fd = signals, .events = POLLIN }, { .fd = lab_watch(*lab), .events = POLLIN } };
    while (events[1].fd >= 0 && poll(events, ARRAY_SIZE(events), -1) < 0 && errno == EINTR)
        ;
    bool ended = events[1].fd < 0 || events[1].revents != 0;
    if (events[1].fd >= 0)
        close(events[1].fd);
    if (ended)
        log_error("lab '%s' has ended by itself", lab_name(*lab));
    if (!lab_down(lab, &e))
        return fail(&e);
    return ended ? ERR_INTERNAL : 0;
}

static int up(int argc, char **argv)
{
    struct up_options options;
    struct lab *lab = NULL;
    struct err e;
    sigset_t ends;
    int code = parse_up(argc, argv, &options);
    if (code >= 0)
        return code;
    /* A signal while it is being built must not leave half a lab. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    if (signals < 0 || !lab_up(&options.lab, &lab, &e)) {
        code = signals < 0 ? usage("cannot watch for signals", NULL) : fail(&e);
    } else {
        log_info("lab '%s' is up, its files are in %s", lab_name(lab), lab_directory(lab));
        code = options.foreground ? stay(&lab, signals) : 0;
    }
    lab_close(&lab);
    if (signals >= 0)
        close(signals);
    return code;
}

static int down_one(const char *name)
{
    struct lab *lab = NULL;
    struct err e;
    if (!lab_find(name, &lab, &e))
        return fail(&e);
    bool ok = lab_down(&lab, &e);
    lab_close(&lab);
    return ok ? 0 : fail(&e);
}

static bool take_all(void *to, int option, const char *value, struct err *e)
{
    (void)option, (void)value, (void)e; /* there is but one */
    *(bool *)to = true;
    return true;
}

static int down(int argc, char **argv)
{
    bool all = false;
    int code = command_begin(&DOWN, argc, argv, take_all, &all);
    if (code >= 0)
        return code;
    if (all && optind < argc)
        return usage("--all beside a name, which is", argv[optind]);
    if (!all)
        return down_one(optind < argc ? argv[optind] : NULL);
    struct lab_names names;
    struct err e;
    code = 0;
    if (!lab_list(&names, &e))
        return fail(&e);
    for (size_t i = 0; i < names.count; i++) {
        int one = down_one(names.names[i]);
        code = one != 0 ? one : code;
    }
    return code;
}

static int status(int argc, char **argv)
{
    size_t count;
    struct err e;
    int code = command_begin(&STATUS, argc, argv, NULL, NULL);
    if (code >= 0)
        return code;
    if (!lab_status(stdout, &count, &e))
        return fail(&e);
    if (count == 0)
        puts("no lab is up");
    return 0;
}

static int run_on(const char *name, const char *word, char **command)
{
    int machine;
    struct lab *lab = NULL;
    struct err e;
    pid_t pid;
    if (!lab_find(name, &lab, &e))
        return fail(&e);
    relay_prepare();
    bool ok = lab_machine_find(lab, word, &machine, &e) && lab_spawn(lab, machine, command, NULL, &pid, &e);
    lab_close(&lab);
    if (!ok)
        return fail(&e);
    int result = relay_wait(pid);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
}

static bool take_name(void *to, int option, const char *value, struct err *e)
{
    (void)option, (void)e; /* there is but one */
    *(const char **)to = value;
    return true;
}

static int exec(int argc, char **argv)
{
    const char *name = NULL;
    int code = command_begin(&EXEC, argc, argv, take_name, &name);
    if (code >= 0)
        return code;
    const char *machine = argv[optind++];
    if (optind < argc && strcmp(argv[optind], "--") == 0)
        optind++;
    if (optind >= argc)
        return usage("exec needs a command after the machine", NULL);
    return run_on(name, machine, argv + optind);
}

int cmd_lab(int argc, char **argv) { return command_run(&tare_lab, argc, argv); }
