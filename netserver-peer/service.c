#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "client.h"
#include "flow/address.h"
#include "flow/sockopt.h"
#include "netperf/netperf_test.h"

enum {
    PLACES_MAX = SERVICE_CLIENTS_MAX + SERVICE_WAITING_MAX,
    TELL_EVERY_MS = 10 * 1000,
    NO_ROOM_MS = 100, /* until the next look whether somebody may go */
};

const struct service_patience SERVICE_PATIENCE = { .first_ms = 10000,
                                                   .next_ms = 120000,
                                                   .rest_ms = 5000,
                                                   .connect_ms = 10000,
                                                   .still_ms = 30000,
                                                   .grace_ms = NETPERF_GRACE_MS };

struct place {
    struct client client;
    pthread_t thread;
    struct service *service;
    int64_t since_mono;
    bool is_taken, is_over; /* over: the thread is to be joined */
};

struct service {
    const struct service_options *options;
    int listen_fd;
    uint16_t port;
    int wake_fd; /* an eventfd: something has changed for the accepting thread */
    pthread_t thread;
    _Atomic bool is_ending;
    unsigned place_count;
    int64_t stranger_told_mono, room_told_mono; /* when it was last told of */
    pthread_mutex_t lock;
    /* guarded by the lock */
    struct place places[PLACES_MAX];
    unsigned tests;
    bool is_busy;
};

static void raise_fd(int fd)
{
    const uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        return; /* EAGAIN: it is raised already */
}

uint16_t service_port(const struct service *s) { return s->port; }
const struct service_options *service_options(const struct service *s) { return s->options; }

int service_begin_test(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    int refusal = s->is_busy ? EBUSY : s->tests >= s->options->clients ? EAGAIN : 0;
    s->tests += refusal == 0;
    pthread_mutex_unlock(&s->lock);
    return refusal;
}

void service_end_test(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    s->tests--;
    pthread_mutex_unlock(&s->lock);
}

void service_set_busy(struct service *s, bool is_busy)
{
    unsigned broken = 0;
    pthread_mutex_lock(&s->lock);
    bool is_news = s->is_busy != is_busy;
    s->is_busy = is_busy;
    for (unsigned i = 0; is_busy && is_news && i < s->place_count; i++) {
        struct place *p = &s->places[i];
        if (!p->is_taken || atomic_load(&p->client.state) != CLIENT_TESTING)
            continue;
        raise_fd(p->client.cancel_fd);
        broken++;
    }
    pthread_mutex_unlock(&s->lock);
    if (broken > 0)
        log_warn("netperf: %u tests are broken off: a run of tare has this machine now", broken);
}

/* ---- places ---- */

static void *run_client(void *arg)
{
    struct place *p = arg;
    client_serve(&p->client);
    pthread_mutex_lock(&p->service->lock);
    p->is_over = true;
    pthread_mutex_unlock(&p->service->lock);
    raise_fd(p->service->wake_fd);
    return NULL;
}

/* Give back the places of those that are through; all of them when `all` (they are cancelled then). */
static void join_clients(struct service *s, bool all)
{
    for (unsigned i = 0; i < s->place_count; i++) {
        struct place *p = &s->places[i];
        pthread_mutex_lock(&s->lock);
        bool is_due = p->is_taken && (all || p->is_over);
        pthread_mutex_unlock(&s->lock);
        if (!is_due)
            continue;
        if (all)
            raise_fd(p->client.cancel_fd);
        pthread_join(p->thread, NULL);
        close(p->client.fd);
        close(p->client.cancel_fd);
        pthread_mutex_lock(&s->lock);
        p->is_taken = p->is_over = false;
        pthread_mutex_unlock(&s->lock);
    }
}

static struct place *free_place(struct service *s)
{
    for (unsigned i = 0; i < s->place_count; i++)
        if (!s->places[i].is_taken)
            return &s->places[i];
    return NULL;
}

/* Whether `p` may go for a newcomer: it has said nothing, or waits between two tests. */
static bool may_go(const struct place *p, enum client_state state)
{
    int unread = 0;
    return p->is_taken && !p->is_over && atomic_load(&p->client.state) == state &&
           ioctl(p->client.fd, FIONREAD, &unread) == 0 && unread == 0;
}

/* Once in a while: who comes in masses may not fill the log. */
static bool may_tell(int64_t *told_mono)
{
    int64_t now = clock_mono_ns();
    bool may = *told_mono == 0 || now - *told_mono >= clock_ms(TELL_EVERY_MS);
    if (may)
        *told_mono = now;
    return may;
}

/* Ask the oldest of those that may go to make room; its thread ends soon. */
static void make_room(struct service *s)
{
    static const enum client_state ORDER[] = { CLIENT_SILENT, CLIENT_WAITING };
    struct place *oldest = NULL;
    char address[SERVICE_ADDRESS];
    pthread_mutex_lock(&s->lock);
    for (size_t k = 0; k < ARRAY_SIZE(ORDER) && !oldest; k++)
        for (unsigned i = 0; i < s->place_count; i++)
            if (may_go(&s->places[i], ORDER[k]) && (!oldest || s->places[i].since_mono < oldest->since_mono))
                oldest = &s->places[i];
    if (oldest)
        raise_fd(oldest->client.cancel_fd);
    pthread_mutex_unlock(&s->lock);
    if (oldest && may_tell(&s->room_told_mono))
        log_warn("netperf client=%s result=closed reason='it asks for nothing, and others want in'",
                 allow_show(&oldest->client.from, address, sizeof address));
}

/* Keepalive: a client whose machine is gone is no client for ever. */
static void seat(struct service *s, struct place *p, int fd, const struct sockaddr_storage *from)
{
    int cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    *p = (struct place){ .service = s, .since_mono = clock_mono_ns() };
    p->client = (struct client){ .service = s, .from = *from, .fd = fd, .cancel_fd = cancel_fd };
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
    pthread_mutex_lock(&s->lock);
    p->is_taken = true;
    pthread_mutex_unlock(&s->lock);
    int failure = cancel_fd < 0 ? errno : pthread_create(&p->thread, NULL, run_client, p);
    if (failure == 0)
        return;
    log_warn("netperf: no room for another client: %s", strerror(failure));
    pthread_mutex_lock(&s->lock);
    p->is_taken = false;
    pthread_mutex_unlock(&s->lock);
    close(fd);
    if (cancel_fd >= 0)
        close(cancel_fd);
}

static void tell_of_stranger(struct service *s, const struct sockaddr_storage *from)
{
    char address[SERVICE_ADDRESS];
    if (!may_tell(&s->stranger_told_mono))
        return;
    allow_show(from, address, sizeof address);
    log_warn("netperf client=%s result=refused reason='not in a network that is allowed: --allow %s lets it in'",
             address, address);
}

static void take_newcomer(struct service *s, struct place *p)
{
    struct sockaddr_storage from = { 0 };
    socklen_t size = sizeof from;
    int fd = accept4(s->listen_fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && errno != EAGAIN) /* out of descriptors, it would be asked for without end */
        (void)poll(NULL, 0, NO_ROOM_MS);
    if (fd < 0)
        return;
    if (allow_has(&s->options->allow, &from)) {
        seat(s, p, fd, &from);
        return;
    }
    tell_of_stranger(s, &from);
    close(fd);
}

static void *run_service(void *arg)
{
    struct service *s = arg;
    while (!atomic_load(&s->is_ending)) {
        struct pollfd fds[] = { { .fd = s->wake_fd, .events = POLLIN }, { .fd = s->listen_fd, .events = POLLIN } };
        uint64_t count;
        (void)poll(fds, 2, -1);
        if (fds[0].revents && read(s->wake_fd, &count, sizeof count) < 0)
            continue; /* EAGAIN: it was not raised */
        join_clients(s, false);
        struct place *p = free_place(s);
        if (fds[1].revents && p) {
            take_newcomer(s, p);
        } else if (fds[1].revents) { /* it waits in the kernel's queue */
            make_room(s);
            (void)poll(fds, 1, NO_ROOM_MS);
        }
    }
    return NULL;
}

/* ---- options ---- */

bool service_read_address(struct service_options *o, const char *text, struct err *e)
{
    o->port = CONTROL_PORT;
    return ip_split(text, o->address, sizeof o->address, &o->port) ||
           err_set(e, ERR_USAGE, "'%.80s' is no address: write it as in 10.0.0.3, 10.0.0.3:%d, :: or [fd00::3]:%d",
                   text, CONTROL_PORT, CONTROL_PORT);
}

bool service_read_passphrase(struct service_options *o, const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "%s", path);
    bool ok = fstat(fd, &st) == 0 || err_errno(e, errno, "%s", path);
    if (ok && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        ok = err_set(e, ERR_USAGE, "%s lets others read the passphrase: chmod 600 %s", path, path);
    ssize_t got = ok ? read(fd, o->passphrase, sizeof o->passphrase - 1) : 0;
    close(fd);
    if (!ok || got < 0)
        return ok ? err_errno(e, errno, "%s", path) : false;
    o->passphrase[got] = '\0';
    o->passphrase[strcspn(o->passphrase, "\r\n")] = '\0';
    return *o->passphrase || err_set(e, ERR_USAGE, "%s: its first line, the passphrase, is empty", path);
}

/* ---- life ---- */

static bool listen_at(struct service *s, struct err *e)
{
    struct address at;
    if (!address_parse(s->options->address, s->options->port, &at, e))
        return false;
    s->listen_fd = socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listen_fd < 0)
        return err_errno(e, errno, "a socket for %s", s->options->address);
    if (!sockopt_int(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", e))
        return false;
    if (bind(s->listen_fd, address_of(&at), at.size) == 0 && listen(s->listen_fd, SOMAXCONN) == 0)
        return address_port(s->listen_fd, &s->port, e);
    if (errno == EADDRINUSE)
        return err_set(e, ERR_USAGE,
                       "%s port %u is in use: a netserver runs there already? --listen %s:PORT takes another, which "
                       "netperf -p PORT finds",
                       s->options->address, (unsigned)s->options->port, s->options->address);
    err_errno(e, errno, "listening at %s port %u", s->options->address, (unsigned)s->options->port);
    if (e)
        e->exit = ERR_USAGE;
    return false;
}

bool service_new(const struct service_options *options, struct service **service, struct err *e)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_INTERNAL, "out of memory");
    s->options = options;
    s->listen_fd = -1;
    s->place_count = options->clients + SERVICE_WAITING_MAX;
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&s->lock, NULL);
    int failure = 0;
    bool ok = s->wake_fd >= 0 || err_errno(e, errno, "no event descriptor");
    ok = ok && listen_at(s, e);
    if (ok)
        failure = pthread_create(&s->thread, NULL, run_service, s);
    if (failure)
        ok = err_errno(e, failure, "no thread for netperf clients");
    if (ok) {
        *service = s;
        return true;
    }
    s->is_ending = true; /* it has no thread */
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return false;
}

void service_destroy(struct service **service)
{
    struct service *s = *service;
    *service = NULL;
    if (!s)
        return;
    atomic_store(&s->is_ending, true);
    raise_fd(s->wake_fd);
    pthread_join(s->thread, NULL);
    join_clients(s, true);
    close(s->listen_fd);
    close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
