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

enum { AGENT_ARGS = 32 };

static const char HELP[] =
    "usage: tare lab up [NAME] [OPTION]...     build a lab and start its agents\n"
    "       tare lab down [NAME | --all]       end it: processes, network, files\n"
    "       tare lab status                    the labs there are\n"
    "       tare lab exec [--lab NAME] MACHINE -- COMMAND [ARG]...\n"
    "                                          run a command on host, peer, coordinator or switch\n"
    "\n"
    "A lab is a host, a peer and a coordinator's port on a switch of 100 Mbit/s, made of this\n"
    "machine's own namespaces: nothing outside it is touched. As root its programs may use\n"
    "SCHED_FIFO; an ordinary user can make one, too.\n"
    "\n"
    "options of up:\n"
    "  --foreground       stay until Ctrl-C, and take the lab down then; it ends with this process,\n"
    "                     however that ends\n"
    "  --no-shaping       leave the ports as fast as this machine is\n"
    "  --no-time-shift    let host and peer read this machine's clocks; else theirs are hours ahead\n"
    "  --host-arg ARG     one more argument for tare-node on the host (repeatable)\n"
    "  --peer-arg ARG     one more argument for tare-netserver on the peer (repeatable)\n"
    "\n"
    "NAME is 'lab' for up where none is given; down and exec take the only lab there is.\n"
    "The exit status of exec is that of COMMAND, 128 + N when signal N ended it.\n";

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

/* 0, or the exit code. */
static int parse_up(int argc, char **argv, struct up_options *options)
{
    static const struct option LONG[] = {
        { "foreground", no_argument, NULL, 'f' },     { "no-shaping", no_argument, NULL, 's' },
        { "no-time-shift", no_argument, NULL, 't' },  { "host-arg", required_argument, NULL, 'h' },
        { "peer-arg", required_argument, NULL, 'p' }, { NULL, 0, NULL, 0 },
    };
    *options = (struct up_options){ .lab = { .name = "lab" } };
    for (int letter; (letter = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        bool fits = true;
        switch (letter) {
        case 'f': options->foreground = true; break;
        case 's': options->lab.no_shaping = true; break;
        case 't': options->lab.no_time_shift = true; break;
        case 'h': fits = add_argument(options->host_args, optarg); break;
        case 'p': fits = add_argument(options->peer_args, optarg); break;
        default: return usage("unknown option, or its argument is missing:", argv[optind - 1]);
        }
        if (!fits)
            return usage("too many arguments for an agent at", optarg);
    }
    if (optind < argc)
        options->lab.name = argv[optind++];
    if (optind < argc)
        return usage("one name only, not also", argv[optind]);
    options->lab.stays = !options->foreground;
    options->lab.host_args = options->host_args;
    options->lab.peer_args = options->peer_args;
    return 0;
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
    if (code != 0)
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

static int down(int argc, char **argv)
{
    if (argc > 2)
        return usage("one name only, not also", argv[2]);
    if (argc < 2 || strcmp(argv[1], "--all") != 0)
        return argc == 2 && argv[1][0] == '-' ? usage("unknown option", argv[1]) : down_one(argc == 2 ? argv[1] : NULL);
    struct lab_names names;
    struct err e;
    int code = 0;
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
    if (argc > 1)
        return usage("status takes no argument, not", argv[1]);
    if (!lab_status(stdout, &count, &e))
        return fail(&e);
    if (count == 0)
        puts("no lab is up");
    return 0;
}

static int run_on(const char *name, enum lab_machine machine, char **command)
{
    struct lab *lab = NULL;
    struct err e;
    pid_t pid;
    if (!lab_find(name, &lab, &e))
        return fail(&e);
    relay_prepare();
    bool ok = lab_spawn(lab, machine, command, NULL, &pid, &e);
    lab_close(&lab);
    if (!ok)
        return fail(&e);
    int result = relay_wait(pid);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
}

static int exec(int argc, char **argv)
{
    static const struct option LONG[] = { { "lab", required_argument, NULL, 'l' }, { NULL, 0, NULL, 0 } };
    const char *name = NULL;
    for (int letter; (letter = getopt_long(argc, argv, "+", LONG, NULL)) != -1;) { /* "+": up to MACHINE */
        if (letter != 'l')
            return usage("unknown option, or its argument is missing:", argv[optind - 1]);
        name = optarg;
    }
    if (optind >= argc)
        return usage("exec needs a machine: host, peer, coordinator or switch", NULL);
    int machine = lab_machine_from(argv[optind]);
    if (machine < 0)
        return usage("a lab has host, peer, coordinator and switch, but no machine", argv[optind]);
    optind++;
    if (optind < argc && strcmp(argv[optind], "--") == 0)
        optind++;
    if (optind >= argc)
        return usage("exec needs a command after the machine", NULL);
    return run_on(name, (enum lab_machine)machine, argv + optind);
}

int cmd_lab(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(int argc, char **argv);
    } COMMANDS[] = { { "up", up }, { "down", down }, { "status", status }, { "exec", exec } };
    if (argc < 2) {
        fputs(HELP, stderr);
        return ERR_USAGE;
    }
    /* `tare lab exec host -- ls --help` asks ls. */
    for (int i = 1; i < argc && (strcmp(argv[1], "exec") != 0 || i < 3); i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[1], "help") == 0) {
            fputs(HELP, stdout);
            return 0;
        }
    for (size_t i = 0; i < ARRAY_SIZE(COMMANDS); i++)
        if (strcmp(argv[1], COMMANDS[i].word) == 0) {
            optind = 0; /* main may have used getopt for itself */
            opterr = 0; /* one voice */
            return COMMANDS[i].run(argc - 1, argv + 1);
        }
    return usage("no such command", argv[1]);
}
