/* scale_bench.c - how a coordinator bears many nodes: one measurement with so many of them.
 *
 *   scale-bench NODES SAMPLES SECONDS PORT DIRECTORY
 *
 * This process is the coordinator: the real hub, its keyring (made in DIRECTORY), its ZAP handler. Its
 * nodes are simulated (agents.h) in other processes, over CURVE on loopback. First they join, all dialling
 * at one moment; then for SECONDS there is nothing but heartbeats; then for SECONDS they send SAMPLES
 * messages a second altogether, each with the ten readings of 100 ms, which are kept as a run keeps them.
 * Prints one line:
 *
 *   NODES JOIN_NS JOIN_CPU_NS BYTES REST_NS REST_CPU_NS SAMPLE_NS SAMPLE_CPU_NS TAKEN UNSENT USED_BYTES BROKEN
 *
 *   scale-bench NODES 1 SECONDS PORT DIRECTORY probes
 *
 * has the clocks of all nodes asked 100 times a second instead, and prints NODES ANSWERS NS CPU_NS.
 *
 * CPU is that of the coordinator's process, all threads. BYTES: by what its resident memory has grown from
 * an open hub to the end of the heartbeats, USED_BYTES to the end of the samples (without these). UNSENT:
 * samples for which a connection had no room. BROKEN: connections that were broken off in mid-handshake.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/facts.h"
#include "agents.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/text.h"
#include "result/raw.h"
#include "run/hub.h"

enum {
    AGENTS_A_PROCESS = 2500,
    OWN_DESCRIPTORS = 64, /* of a process, beside those of its nodes or agents */
    JOIN_MOST_S = 120,
    LEAD_MS = 500, /* samples flow for so long before they count */
    NODES_MOST = 50000,
    PROBE_HZ = 100,
    SKIP = 77,
};

struct bench {
    size_t nodes;
    int64_t samples_a_second, seconds;
    bool probes;
    unsigned port;
    const char *directory;
    struct keyring *keyring;
    struct hub *hub;
    struct stage *stage;
    pid_t *agents; /* their processes */
    size_t process_count;
    struct raw_trial raw; /* an end for each node */
    int64_t memory_bytes; /* with an open hub, before anybody joins */
};

/* What a stretch of time cost. */
struct span {
    int64_t mono_ns, cpu_ns;
};

static struct span span_begin(void) { return (struct span){ clock_mono_ns(), clock_process_cpu_ns() }; }

static struct span span_end(struct span begin)
{
    return (struct span){ clock_mono_ns() - begin.mono_ns, clock_process_cpu_ns() - begin.cpu_ns };
}

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "scale-bench: %s: %s\n", what, e ? e->text : strerror(errno));
    exit(1);
}

static int64_t resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        die("/proc/self/statm", NULL);
    fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

/* How many agents a process can be. */
static size_t agents_a_process(size_t nodes)
{
    size_t limit = descriptors_raise();
    if (limit < nodes + OWN_DESCRIPTORS) {
        printf("skip: %zu nodes need %zu open files in one process, the hard limit (ulimit -Hn) is %zu\n", nodes,
               nodes + OWN_DESCRIPTORS, limit);
        exit(SKIP);
    }
    size_t most = (limit - OWN_DESCRIPTORS) / AGENTS_DESCRIPTORS;
    return most < AGENTS_A_PROCESS ? most : AGENTS_A_PROCESS;
}

static struct invite *invite_all(struct bench *b)
{
    char endpoint[64];
    struct invite *invites = calloc(b->nodes, sizeof *invites);
    struct err e = { 0 };
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", b->port);
    for (size_t i = 0; invites && i < b->nodes; i++) {
        char name[KEY_NAME];
        snprintf(name, sizeof name, "node%zu", i);
        if (!keyring_invite(b->keyring, name, endpoint, &invites[i], &e))
            die("inviting", &e);
    }
    if (!invites)
        die("inviting", NULL);
    return invites;
}

/* The agents' processes, before this one has any thread. */
static void start_agents(struct bench *b, const struct invite *invites)
{
    static const struct workload NET_STREAM = { .name = "net_stream" }, *const WORKLOADS[] = { &NET_STREAM, NULL };
    static const struct agent AGENT = { .program = "node", .workloads = WORKLOADS };
    struct message *facts = calloc(1, sizeof *facts);
    struct err e = { 0 };
    if (!facts || !facts_collect(&AGENT, facts, &e))
        die("the facts of this machine", &e);
    size_t most = agents_a_process(b->nodes);
    b->process_count = (b->nodes + most - 1) / most;
    b->agents = calloc(b->process_count, sizeof *b->agents);
    b->stage = mmap(NULL, sizeof *b->stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!b->agents || b->stage == MAP_FAILED)
        die("starting", NULL);
    pid_t self = getpid();
    for (size_t i = 0, from = 0; i < b->process_count; i++) {
        size_t to = b->nodes * (i + 1) / b->process_count;
        const struct agents_options options = {
            .invites = invites + from, .count = to - from, .facts = facts, .have_clocks = b->probes
        };
        b->agents[i] = fork();
        if (b->agents[i] < 0)
            die("fork", NULL);
        if (b->agents[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            _exit(getppid() == self ? agents_run(&options, b->stage) : 1);
        }
        from = to;
    }
    free(facts);
}

/* The next event; ends the bench where a node is lost, or a process of agents has ended. */
static void next(struct bench *b, int64_t until_mono, struct hub_event *event)
{
    struct err e = { 0 };
    if (!hub_next(b->hub, until_mono, event, &e))
        die("the hub", &e);
    if (event->kind == HUB_SIGNAL)
        exit(ERR_INTERRUPTED);
    if (event->kind == HUB_LOST) {
        fprintf(stderr, "scale-bench: %s is gone: %s: this machine is too busy for so many\n", event->node->name,
                event->why);
        exit(1);
    }
    for (size_t i = 0; event->kind == HUB_DEADLINE && i < b->process_count; i++)
        if (waitpid(b->agents[i], NULL, WNOHANG) == b->agents[i]) {
            fprintf(stderr, "scale-bench: a process of agents has ended\n");
            exit(1);
        }
}

static struct span join(struct bench *b)
{
    b->memory_bytes = resident_bytes();
    size_t joined = 0;
    struct span begin = span_begin();
    atomic_store(&b->stage->begin_mono_ns, begin.mono_ns);
    while (joined < b->nodes) {
        struct hub_event event;
        next(b, clock_mono_ns() + clock_ms(LEAD_MS), &event);
        joined += event.kind == HUB_JOINED;
        if (clock_mono_ns() - begin.mono_ns > (int64_t)JOIN_MOST_S * CLOCK_NS_PER_S) {
            fprintf(stderr, "scale-bench: only %zu of %zu nodes joined within %d s\n", joined, b->nodes, JOIN_MOST_S);
            exit(1);
        }
    }
    return span_end(begin);
}

/* What a run does with a SAMPLE; other messages are none of ours. */
static bool keep(struct bench *b, const struct hub_event *event)
{
    struct err e = { 0 };
    if (event->kind != HUB_MESSAGE || event->message->type != MESSAGE_SAMPLE)
        return false;
    const struct message_sample *m = &event->message->sample;
    struct raw_end *end = &b->raw.ends[strtoul(event->node->name + strlen("node"), NULL, 10)];
    if (!raw_add_points(end, m->points, m->points_size, &e))
        die(event->node->name, &e);
    return true;
}

/* Go on for so long; *taken: how many samples came. */
static struct span go_on(struct bench *b, int64_t length_ns, int64_t *taken)
{
    struct span begin = span_begin();
    *taken = 0;
    for (int64_t end = begin.mono_ns + length_ns; clock_mono_ns() < end;) {
        struct hub_event event;
        next(b, end, &event);
        *taken += keep(b, &event);
    }
    return span_end(begin);
}

static void measure(struct bench *b)
{
    int64_t none, lead, taken, length_ns = b->seconds * CLOCK_NS_PER_S;
    struct span joining = join(b), rest = go_on(b, length_ns, &none);
    int64_t grown_bytes = resident_bytes() - b->memory_bytes;
    atomic_store(&b->stage->sample_every_ns, (int64_t)b->nodes * CLOCK_NS_PER_S / b->samples_a_second);
    (void)go_on(b, clock_ms(LEAD_MS), &lead);
    uint64_t unsent = atomic_load(&b->stage->samples_unsent);
    struct span sampling = go_on(b, length_ns, &taken);
    unsent = atomic_load(&b->stage->samples_unsent) - unsent;
    raw_clear(&b->raw);
    malloc_trim(0);
    printf("%zu %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
           " %" PRIu64 " %" PRId64 " %" PRIu64 "\n",
           b->nodes, joining.mono_ns, joining.cpu_ns, grown_bytes, rest.mono_ns, rest.cpu_ns, sampling.mono_ns,
           sampling.cpu_ns, taken, unsent, resident_bytes() - b->memory_bytes, atomic_load(&b->stage->broken));
}

/* What the clock probes of all nodes take, each asked PROBE_HZ times a second: nodes, answers, wall and CPU ns. */
static void measure_probes(struct bench *b)
{
    int64_t none;
    uint64_t answers = 0;
    (void)join(b);
    struct roster_node *n;
    (void)go_on(b, clock_ms(2 * LEAD_MS), &none); /* their dialling */
    for (size_t i = 0; (n = roster_at(hub_roster(b->hub), i)); i++)
        hub_probe(b->hub, n, CLOCK_NS_PER_S / PROBE_HZ);
    (void)go_on(b, clock_ms(LEAD_MS), &none);
    for (size_t i = 0; (n = roster_at(hub_roster(b->hub), i)); i++)
        answers -= n->probes;
    struct span probing = go_on(b, b->seconds * CLOCK_NS_PER_S, &none);
    for (size_t i = 0; (n = roster_at(hub_roster(b->hub), i)); i++)
        answers += n->probes;
    printf("%zu %" PRIu64 " %" PRId64 " %" PRId64 "\n", b->nodes, answers, probing.mono_ns, probing.cpu_ns);
}

static void begin(struct bench *b)
{
    struct err e = { 0 };
    if (!keyring_open(b->directory, &b->keyring, &e))
        die("keyring", &e);
    struct invite *invites = invite_all(b);
    b->raw.ends = calloc(b->nodes, sizeof *b->raw.ends);
    if (!b->raw.ends)
        die("starting", NULL);
    b->raw.end_count = b->nodes;
    start_agents(b, invites);
    free(invites);
    if (!hub_open(b->keyring, b->port, &b->hub, &e))
        die("the hub", &e);
}

static void finish(struct bench *b)
{
    atomic_store(&b->stage->is_over, true);
    for (size_t i = 0; i < b->process_count; i++)
        waitpid(b->agents[i], NULL, 0);
    hub_close(&b->hub, NULL);
    keyring_close(&b->keyring);
    munmap(b->stage, sizeof *b->stage);
    free(b->agents);
}

int main(int argc, char **argv)
{
    const bool probes = argc == 7 && strcmp(argv[6], "probes") == 0;
    if (argc != 6 && !probes) {
        fprintf(stderr, "usage: scale-bench NODES SAMPLES SECONDS PORT DIRECTORY [probes]\n");
        return ERR_USAGE;
    }
    struct bench b = { .nodes = strtoul(argv[1], NULL, 10),
                       .samples_a_second = strtol(argv[2], NULL, 10),
                       .seconds = strtol(argv[3], NULL, 10),
                       .port = (unsigned)strtoul(argv[4], NULL, 10),
                       .directory = argv[5],
                       .probes = probes };
    if (b.nodes < 1 || b.nodes > NODES_MOST || b.samples_a_second < 1 || b.seconds < 1 || b.port > UINT16_MAX) {
        fprintf(stderr, "scale-bench: 1 to %d nodes, at least one sample and one second, a port\n", NODES_MOST);
        return ERR_USAGE;
    }
    begin(&b);
    if (probes)
        measure_probes(&b);
    else
        measure(&b);
    finish(&b);
    return 0;
}
