/* How others start together, where the true moments are known: each process of these waits for the same thing and
 * stamps CLOCK_MONOTONIC_RAW as soon as it has it.
 *
 *     start-bench zeromq lead ENDPOINT N SHOTS     a 'go' from a ROUTER to N DEALERs, encrypted with CURVE as
 *     start-bench zeromq follow ENDPOINT ME SHOTS  tare's own channel is; they wait in zmq_recv
 *     start-bench redis lead ADDRESS N SHOTS       a barrier on redis, at port 16379: INCR, then the follower's
 *     start-bench redis follow ADDRESS ME SHOTS    blocking read (BLPOP)
 *     start-bench wall follow NS ME SHOTS          clock_nanosleep to instants of the wall clock, NS the first: here
 *                                                  all share it to the nanosecond; on real machines NTP's error
 *                                                  comes on top
 *     start-bench gate follow NS ME SHOTS          tare's gate alone, for instants of CLOCK_MONOTONIC_RAW as the
 *                                                  kernel has it: no offset is estimated, nothing is done at them.
 *                                                  What no start on this machine is better than
 *     start-bench gate-early follow NS ME SHOTS    the same, as it is before an operation that may take long: FIFO is
 *                                                  left a little before the instant
 *     start-bench sink lead ADDRESS N 1            takes and drops what N followers send, until they are gone
 *     start-bench now                              the two clocks as the kernel has them, in ns: RAW, wall
 *
 * One more argument of zeromq, redis and wall, ADDRESS: a follower begins what ours begins, too. Right behind its
 * stamp it sends a message of net_stream's to the sink there, and the next shot waits until all of that is through.
 *
 * A follower prints its stamps, one a line, in ns of the kernel's clock: that of its time namespace less the offset.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "agent/start_gate.h"
#include "base/clock.h"

enum {
    GAP_MS = 10,
    BUSY_GAP_MS = 40, /* 16 messages through a port of 100 Mbit/s take 21 */
    GATE_GAP_MS = 15,
    REDIS_PORT = 16379,
    SINK_PORT = 16380,
    MESSAGE_BYTES = 16 * 1024, /* net_stream's, where nothing else is said */
    MOST = 16,
    SHOTS_MOST = 100000
};

/* The keys of zmq_curve(7)'s example. */
static const char SERVER_PUBLIC[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
                  SERVER_SECRET[] = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
static const char CLIENT_PUBLIC[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
                  CLIENT_SECRET[] = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";

struct bench {
    const char *place; /* where the leader is, or the first instant */
    int number, shots; /* of followers; or which of them this is */
    int gap_ms;
    int sink; /* where the first operation goes; -1: there is none */
    int64_t stamps[SHOTS_MOST];
};

static struct bench bench;

static void die(const char *what)
{
    fprintf(stderr, "start-bench: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
    exit(1);
}

static void rest(int ms) { clock_sleep_until_mono(clock_mono_ns() + clock_ms(ms)); }

/* What this process's clocks read more than the kernel's. */
static int64_t offset_ns(void)
{
    char line[128];
    long long s, ns, offset = 0;
    FILE *f = fopen("/proc/self/timens_offsets", "r"); /* a kernel without time namespaces has none */
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "monotonic %lld %lld", &s, &ns) == 2)
            offset = s * CLOCK_NS_PER_S + ns;
    if (f)
        fclose(f);
    return offset;
}

/* ---- the first operation ---- */

static int dial(const char *address, int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0 ||
        connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        die(address);
    return fd;
}

static void start(struct bench *b, int shot)
{
    static const char MESSAGE[MESSAGE_BYTES];
    b->stamps[shot] = clock_raw_ns();
    if (b->sink >= 0 && send(b->sink, MESSAGE, sizeof MESSAGE, MSG_NOSIGNAL) < 0)
        die("sending to the sink");
}

static void *drop(void *fd)
{
    char bytes[4 * MESSAGE_BYTES];
    while (read(*(int *)fd, bytes, sizeof bytes) > 0)
        ;
    return NULL;
}

/* A thread a connection, as our peer has it. */
static void sink_lead(struct bench *b)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(SINK_PORT) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1, flows[MOST];
    pthread_t threads[MOST];
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        inet_pton(AF_INET, b->place, &at.sin_addr) != 1 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, MOST) != 0)
        die(b->place);
    for (int i = 0; i < b->number; i++)
        if ((flows[i] = accept(fd, NULL, NULL)) < 0 || pthread_create(&threads[i], NULL, drop, &flows[i]) != 0)
            die("the sink");
    for (int i = 0; i < b->number; i++)
        pthread_join(threads[i], NULL);
}

/* ---- ZeroMQ ---- */

static bool encrypt(void *socket, bool serves)
{
    int yes = 1;
    const char *public = serves ? SERVER_PUBLIC : CLIENT_PUBLIC, *secret = serves ? SERVER_SECRET : CLIENT_SECRET;
    return (serves ? zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes)
                   : zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, SERVER_PUBLIC, sizeof SERVER_PUBLIC)) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public, strlen(public) + 1) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret, strlen(secret) + 1) == 0;
}

static void zeromq_follow(struct bench *b)
{
    char word[8];
    void *context = zmq_ctx_new(), *dealer = zmq_socket(context, ZMQ_DEALER);
    if (!encrypt(dealer, false) || zmq_setsockopt(dealer, ZMQ_ROUTING_ID, &b->number, sizeof b->number) != 0 ||
        zmq_connect(dealer, b->place) != 0 || zmq_send(dealer, "here", 4, 0) < 0)
        die("zeromq");
    for (int shot = 0; shot < b->shots; shot++) {
        if (zmq_recv(dealer, word, sizeof word, 0) < 0)
            die("zeromq: waiting for 'go'");
        start(b, shot);
    }
    zmq_close(dealer);
    zmq_ctx_term(context);
}

static void zeromq_lead(struct bench *b)
{
    char word[64];
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    if (!encrypt(router, true) || zmq_bind(router, b->place) != 0)
        die(b->place);
    for (int i = 0; i < b->number; i++)
        if (zmq_recv(router, word, sizeof word, 0) < 0 || zmq_recv(router, word, sizeof word, 0) < 0)
            die("zeromq: waiting for the followers");
    for (int shot = 0; shot < b->shots; shot++) {
        rest(b->gap_ms);
        for (int i = 0; i < b->number; i++)
            if (zmq_send(router, &i, sizeof i, ZMQ_SNDMORE) < 0 || zmq_send(router, "go", 2, 0) < 0)
                die("zeromq: sending 'go'");
    }
    rest(200);
    zmq_close(router);
    zmq_ctx_term(context);
}

/* ---- redis ---- */

/* One inline command, and the answer's first bytes. */
static long redis_ask(int fd, const char *command)
{
    char answer[4096] = "";
    if (write(fd, command, strlen(command)) < 0)
        die("redis");
    ssize_t got = read(fd, answer, sizeof answer - 1);
    if (got <= 0 || answer[0] == '-')
        die("redis's answer");
    return answer[0] == ':' ? strtol(answer + 1, NULL, 10) : 0;
}

static void redis_follow(struct bench *b)
{
    int fd = dial(b->place, REDIS_PORT);
    for (int shot = 0; shot < b->shots; shot++) {
        (void)redis_ask(fd, "INCR ready\r\n");
        (void)redis_ask(fd, "BLPOP go 0\r\n");
        start(b, shot);
    }
    close(fd);
}

static void redis_lead(struct bench *b)
{
    int fd = dial(b->place, REDIS_PORT);
    char push[16 + MOST * 4] = "RPUSH go";
    for (int i = 0; i < b->number; i++)
        strcat(push, " 1");
    strcat(push, "\r\n");
    for (int shot = 0; shot < b->shots; shot++) {
        while (redis_ask(fd, "INCRBY ready 0\r\n") < (long)b->number * (shot + 1))
            rest(1);
        rest(b->gap_ms);
        (void)redis_ask(fd, push);
    }
    close(fd);
}

/* ---- instants ---- */

static void wall_follow(struct bench *b)
{
    for (int shot = 0; shot < b->shots; shot++) {
        int64_t at_ns = strtoll(b->place, NULL, 10) + shot * clock_ms(b->gap_ms);
        struct timespec at = { at_ns / CLOCK_NS_PER_S, at_ns % CLOCK_NS_PER_S };
        while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
            ;
        start(b, shot);
    }
}

static void follow_gate(struct bench *b, bool is_brief)
{
    static const _Atomic bool NEVER;
    const int64_t offset = offset_ns(), first = strtoll(b->place, NULL, 10);
    start_gate_prepare();
    for (int shot = 0; shot < b->shots; shot++) {
        struct start_gate gate = { .at_ns = first + shot * clock_ms(GATE_GAP_MS) + offset,
                                   .may_spin = true,
                                   .is_brief = is_brief,
                                   .slot = b->number,
                                   .cancelled = &NEVER };
        (void)start_gate_approach(&gate);
        b->stamps[shot] = start_gate_pass(&gate);
        start_gate_leave(&gate);
    }
}

static void gate_follow(struct bench *b) { follow_gate(b, true); }
static void gate_early_follow(struct bench *b) { follow_gate(b, false); }

static const struct method {
    const char *name;
    void (*lead)(struct bench *bench);
    void (*follow)(struct bench *bench);
} METHODS[] = { { "zeromq", zeromq_lead, zeromq_follow },
                { "redis", redis_lead, redis_follow },
                { "wall", NULL, wall_follow },
                { "gate", NULL, gate_follow },
                { "gate-early", NULL, gate_early_follow },
                { "sink", sink_lead, NULL } };

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "now") == 0) {
        printf("%lld %lld\n", (long long)(clock_raw_ns() - offset_ns()), (long long)clock_real_ns());
        return 0;
    }
    void (*role)(struct bench * bench) = NULL;
    bool has_sink = argc == 7;
    argc -= has_sink;
    bool leads = argc == 6 && strcmp(argv[2], "lead") == 0;
    for (size_t i = 0; argc == 6 && i < sizeof METHODS / sizeof *METHODS; i++)
        if (strcmp(METHODS[i].name, argv[1]) == 0)
            role = leads ? METHODS[i].lead : METHODS[i].follow;
    bench.place = argc == 6 ? argv[3] : "";
    bench.number = argc == 6 ? atoi(argv[4]) : -1;
    bench.shots = argc == 6 ? atoi(argv[5]) : 0;
    bench.gap_ms = has_sink ? BUSY_GAP_MS : GAP_MS;
    bench.sink = -1;
    if (!role || bench.number < 0 || bench.number > MOST || bench.shots < 1 || bench.shots > SHOTS_MOST) {
        fputs("usage: start-bench zeromq|redis|wall|gate|gate-early|sink lead|follow PLACE NUMBER SHOTS [SINK], "
              "start-bench now\n",
              stderr);
        return 2;
    }
    if (has_sink && !leads)
        bench.sink = dial(argv[6], SINK_PORT);
    role(&bench);
    const int64_t offset = offset_ns();
    for (int shot = 0; !leads && shot < bench.shots; shot++)
        printf("%lld\n", (long long)(bench.stamps[shot] - offset));
    return 0;
}
