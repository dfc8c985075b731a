/* How others start together, on one machine, where the true moments are known: N processes each wait for
 * the same thing and stamp CLOCK_MONOTONIC_RAW as soon as they have it.
 *
 *     start-bench zeromq N SHOTS           a 'go' from a ROUTER to N DEALERs, over loopback
 *     start-bench redis N SHOTS SOCKET     a barrier: INCR, then the follower's blocking read (BLPOP)
 *     start-bench wall N SHOTS             clock_nanosleep to an instant of the wall clock, which here all
 *                                          share to the nanosecond; on real machines NTP's error comes on top
 *
 * Prints of each shot how far apart the first and the last stamp were, in ns, one a line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include "base/clock.h"

enum { GAP_MS = 10, PORT = 15670 };

struct bench {
    int count, shots;
    const char *socket;
    int64_t *stamps; /* shared; that of a process and a shot: see stamp_of */
    int64_t wall_ns; /* of the first shot */
};

static int64_t *stamp_of(const struct bench *b, int shot, int process)
{
    return &b->stamps[(size_t)shot * (size_t)b->count + (size_t)process];
}

static void die(const char *what)
{
    fprintf(stderr, "start-bench: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
    exit(1);
}

static void rest(int ms) { clock_sleep_until_mono(clock_mono_ns() + clock_ms(ms)); }

/* ---- ZeroMQ ---- */

static void zeromq_follow(const struct bench *b, int me)
{
    char endpoint[64], word[8];
    void *context = zmq_ctx_new(), *dealer = zmq_socket(context, ZMQ_DEALER);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", PORT);
    if (zmq_setsockopt(dealer, ZMQ_ROUTING_ID, &me, sizeof me) != 0 || zmq_connect(dealer, endpoint) != 0 ||
        zmq_send(dealer, "here", 4, 0) < 0)
        die("zeromq");
    for (int shot = 0; shot < b->shots; shot++) {
        if (zmq_recv(dealer, word, sizeof word, 0) < 0)
            die("zeromq: waiting for 'go'");
        *stamp_of(b, shot, me) = clock_raw_ns();
    }
    zmq_close(dealer);
    zmq_ctx_term(context);
}

static void zeromq_lead(const struct bench *b)
{
    char endpoint[64], word[64];
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", PORT);
    if (zmq_bind(router, endpoint) != 0)
        die(endpoint);
    for (int i = 0; i < b->count; i++)
        if (zmq_recv(router, word, sizeof word, 0) < 0 || zmq_recv(router, word, sizeof word, 0) < 0)
            die("zeromq: waiting for the followers");
    for (int shot = 0; shot < b->shots; shot++) {
        rest(GAP_MS);
        for (int i = 0; i < b->count; i++)
            if (zmq_send(router, &i, sizeof i, ZMQ_SNDMORE) < 0 || zmq_send(router, "go", 2, 0) < 0)
                die("zeromq: sending 'go'");
    }
    rest(200);
    zmq_close(router);
    zmq_ctx_term(context);
}

/* ---- redis ---- */

static int redis_dial(const struct bench *b)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", b->socket);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        die(b->socket);
    return fd;
}

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

static void redis_follow(const struct bench *b, int me)
{
    int fd = redis_dial(b);
    for (int shot = 0; shot < b->shots; shot++) {
        (void)redis_ask(fd, "INCR ready\r\n");
        (void)redis_ask(fd, "BLPOP go 0\r\n");
        *stamp_of(b, shot, me) = clock_raw_ns();
    }
    close(fd);
}

static void redis_lead(const struct bench *b)
{
    int fd = redis_dial(b);
    char push[16 + 16 * 4] = "RPUSH go";
    for (int i = 0; i < b->count; i++)
        strcat(push, " 1");
    strcat(push, "\r\n");
    for (int shot = 0; shot < b->shots; shot++) {
        while (redis_ask(fd, "INCRBY ready 0\r\n") < (long)b->count * (shot + 1))
            rest(1);
        rest(GAP_MS);
        (void)redis_ask(fd, push);
    }
    close(fd);
}

/* ---- the wall clock ---- */

static void wall_follow(const struct bench *b, int me)
{
    for (int shot = 0; shot < b->shots; shot++) {
        int64_t at_ns = b->wall_ns + shot * clock_ms(GAP_MS);
        struct timespec at = { at_ns / CLOCK_NS_PER_S, at_ns % CLOCK_NS_PER_S };
        while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
            ;
        *stamp_of(b, shot, me) = clock_raw_ns();
    }
}

static void wall_lead(const struct bench *b) { (void)b; }

static const struct method {
    const char *name;
    void (*lead)(const struct bench *bench);
    void (*follow)(const struct bench *bench, int me);
} METHODS[] = { { "zeromq", zeromq_lead, zeromq_follow },
                { "redis", redis_lead, redis_follow },
                { "wall", wall_lead, wall_follow } };

static void run(const struct method *m, const struct bench *b)
{
    for (int i = 0; i < b->count; i++) {
        pid_t child = fork();
        if (child < 0)
            die("fork");
        if (child == 0) {
            m->follow(b, i);
            _exit(0);
        }
    }
    m->lead(b);
    for (int i = 0, status; i < b->count; i++)
        if (wait(&status) < 0 || status != 0)
            die("a follower");
}

int main(int argc, char **argv)
{
    const struct method *m = NULL;
    for (size_t i = 0; argc >= 4 && i < sizeof METHODS / sizeof *METHODS; i++)
        if (strcmp(METHODS[i].name, argv[1]) == 0)
            m = &METHODS[i];
    struct bench b = { .count = argc >= 4 ? atoi(argv[2]) : 0,
                       .shots = argc >= 4 ? atoi(argv[3]) : 0,
                       .socket = argc >= 5 ? argv[4] : "" };
    if (!m || b.count < 2 || b.count > 16 || b.shots < 1) {
        fputs("usage: start-bench zeromq|redis|wall N SHOTS [SOCKET]\n", stderr);
        return 2;
    }
    size_t size = (size_t)b.count * (size_t)b.shots * sizeof *b.stamps;
    b.stamps = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b.stamps == MAP_FAILED)
        die("memory");
    memset(b.stamps, 0, size);
    b.wall_ns = clock_real_ns() + clock_ms(200);
    run(m, &b);
    for (int shot = 0; shot < b.shots; shot++) {
        int64_t first = *stamp_of(&b, shot, 0), last = first;
        for (int i = 1; i < b.count; i++) {
            int64_t at = *stamp_of(&b, shot, i);
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
        printf("%lld\n", (long long)(last - first));
    }
    return 0;
}
