/* tare-netserver - the agent of the third machine, against which nodes measure the network; and, when asked
 * for, a netserver for stock netperf. */
#include "agent/agent_main.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "netserver.h"
#include "service.h"

/* What it serves beside a coordinator. */
struct beside {
    struct service_options options;
    bool is_wanted;          /* one of its options was given */
    struct service *service; /* NULL: not asked for, or over */
};

enum option_of_netserver {
    OPT_LISTEN,
    OPT_ALLOW,
    OPT_CLIENTS,
    OPT_PASSPHRASE,
#ifdef TARE_TEST_FLAGS
    OPT_TEST_HURRY,
#endif
};

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_LISTEN] = { .name = "listen", .kind = ARGUMENT_TEXT, .argument = "ADDR[:PORT]",
                     .doc = "serve stock netperf 2.7 there, port 12865 unless said otherwise; also without an invite" },
    [OPT_ALLOW] = { .name = "allow", .kind = ARGUMENT_TEXT, .argument = "CIDR", .is_repeatable = true,
                    .doc = "with --listen, from where clients may come, as in 10.9.0.0/16 or fd00::/8; default this "
                           "machine's loopback alone" },
    [OPT_CLIENTS] = { .name = "clients", .kind = ARGUMENT_TEXT, .argument = "N",
                      .doc = "with --listen, tests at once, 1 to 64, default 4" },
    [OPT_PASSPHRASE] = { .name = "passphrase-file", .kind = ARGUMENT_FILE, .argument = "FILE",
                         .doc = "with --listen, its first line (mode 0600) is what clients must know: netperf -Z; it "
                                "goes over the network as it is" },
#ifdef TARE_TEST_FLAGS
    [OPT_TEST_HURRY] = { .name = "test-hurry", .is_hidden = true },
#endif
};
/* clang-format on */

#ifdef TARE_TEST_FLAGS
/* So that tests of what never comes take no minutes. */
static const struct service_patience IMPATIENT = {
    .first_ms = 800, .next_ms = 2000, .rest_ms = 800, .connect_ms = 800, .still_ms = 1200, .grace_ms = 400
};
#endif

static bool take(void *state, int option, const char *value, struct err *e)
{
    struct beside *b = state;
    struct service_options *o = &b->options;
    int64_t clients = 0;
    b->is_wanted = true;
    switch ((enum option_of_netserver)option) {
    case OPT_LISTEN: return service_read_address(o, value, e);
    case OPT_ALLOW: return allow_add(&o->allow, value, e);
    case OPT_CLIENTS:
        if (!units_parse_int(value, &clients, NULL) || clients < 1 || clients > SERVICE_CLIENTS_MAX)
            return err_set(e, ERR_USAGE, "'%.32s' is no number of clients from 1 to %d", value, SERVICE_CLIENTS_MAX);
        o->clients = (unsigned)clients;
        return true;
    case OPT_PASSPHRASE: return service_read_passphrase(o, value, e);
#ifdef TARE_TEST_FLAGS
    case OPT_TEST_HURRY: o->patience = IMPATIENT; return true;
#endif
    }
    return true;
}

static bool is_wanted(void *state) { return ((struct beside *)state)->is_wanted; }

static bool start(void *state, const char *endpoint, struct err *e)
{
    struct beside *b = state;
    (void)endpoint;
    if (!*b->options.address)
        return err_set(e, ERR_USAGE, "--allow, --clients and --passphrase-file go with --listen");
    if (!service_new(&b->options, &b->service, e))
        return false;
    log_info("serving netperf at %s port %u, %u tests at once%s", b->options.address,
             (unsigned)service_port(b->service), b->options.clients,
             b->options.allow.count > 0 ? "" : ", for this machine's loopback alone: --allow lets others in");
    return true;
}

static void yield(void *state, bool is_run)
{
    struct beside *b = state;
    if (b->service)
        service_set_busy(b->service, is_run);
}

static void stop(void *state)
{
    struct beside *b = state;
    service_destroy(&b->service);
}

int main(int argc, char **argv)
{
    struct beside beside = { .options = { .clients = SERVICE_CLIENTS, .patience = SERVICE_PATIENCE } };
    const struct agent_service service = { .options = OPTIONS,
                                           .option_count = ARRAY_SIZE(OPTIONS),
                                           .take = take,
                                           .is_wanted = is_wanted,
                                           .works_alone = true,
                                           .start = start,
                                           .yield = yield,
                                           .stop = stop,
                                           .state = &beside };
    const struct agent agent = {
        .program = "netserver",
        .doc = "the agent of the peer, against which nodes measure the network",
        .text = AGENT_TEXT
        "\n\n"
        "With --listen it also serves stock netperf 2.7 (TCP_STREAM, TCP_MAERTS, TCP_SENDFILE, TCP_RR, TCP_CRR, "
        "UDP_STREAM, UDP_RR), and without any key it does that alone. While a run of tare has this machine, from "
        "its first trial to its end, netperf's tests are refused (netperf: remote error 16, device or resource "
        "busy), and those that were running are broken off.",
        .workloads = NETSERVER_WORKLOADS,
        .service = &service,
    };
    return command_finish(agent_main(argc, argv, &agent));
}
