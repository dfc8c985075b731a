#include "link.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <errno.h>
#include <libvirt/virterror.h>

#include "base/text.h"
#include "guests/libvirt/advice.h"
#include "guests/libvirt/embed.h"

/* A daemon that does not answer for so long is lost. */
enum { KEEPALIVE_S = 5, KEEPALIVES = 3 };

static const struct {
    enum domain_state state;
    const char *how;
} LIFE[VIR_DOMAIN_EVENT_CRASHED + 1] = {
    [VIR_DOMAIN_EVENT_DEFINED] = { DOMAIN_CHANGING, "was defined" },
    [VIR_DOMAIN_EVENT_UNDEFINED] = { DOMAIN_OFF, "was undefined" /* be it that it runs on: it is not what it was */ },
    [VIR_DOMAIN_EVENT_STARTED] = { DOMAIN_RUNNING, "was started" },
    [VIR_DOMAIN_EVENT_SUSPENDED] = { DOMAIN_PAUSED, "was paused" },
    [VIR_DOMAIN_EVENT_RESUMED] = { DOMAIN_RUNNING, "was resumed" },
    [VIR_DOMAIN_EVENT_STOPPED] = { DOMAIN_OFF, "was stopped" },
    [VIR_DOMAIN_EVENT_SHUTDOWN] = { DOMAIN_CHANGING, "shuts down" },
    [VIR_DOMAIN_EVENT_PMSUSPENDED] = { DOMAIN_PAUSED, "went to sleep" },
    [VIR_DOMAIN_EVENT_CRASHED] = { DOMAIN_CRASHED, "crashed" },
};

static const char *how_it_stopped(int detail)
{
    static const char *const HOW[] = {
        [VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = "shut down",
        [VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = "was destroyed",
        [VIR_DOMAIN_EVENT_STOPPED_CRASHED] = "crashed",
        [VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = "was migrated",
        [VIR_DOMAIN_EVENT_STOPPED_SAVED] = "was saved to a file",
        [VIR_DOMAIN_EVENT_STOPPED_FAILED] = "lost its QEMU",
    };
    return detail >= 0 && detail < (int)ARRAY_SIZE(HOW) && HOW[detail] ? HOW[detail] : "was stopped";
}

static void raise_fd(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        return; /* EAGAIN: it is raised already */
}

static int on_life(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *context)
{
    struct link *l = context;
    (void)connection;
    if (event < 0 || event >= (int)ARRAY_SIZE(LIFE) || !LIFE[event].how)
        return 0;
    struct domain_event one = { .state = LIFE[event].state };
    bool is_crash = event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED;
    if (is_crash)
        one.state = DOMAIN_CRASHED;
    text_copy(one.name, sizeof one.name, virDomainGetName(domain));
    text_copy(one.how, sizeof one.how, event == VIR_DOMAIN_EVENT_STOPPED ? how_it_stopped(detail) : LIFE[event].how);
    pthread_mutex_lock(&l->lock);
    if (l->event_count < LINK_EVENTS)
        l->events[l->event_count++] = one;
    pthread_mutex_unlock(&l->lock);
    raise_fd(l->events_fd);
    return 0;
}

static void on_close(virConnectPtr connection, int reason, void *context)
{
    struct link *l = context;
    (void)connection;
    (void)reason;
    atomic_store(&l->is_lost, true);
    raise_fd(l->events_fd);
}

bool link_next_event(struct link *l, struct domain_event *event)
{
    pthread_mutex_lock(&l->lock);
    bool any = l->event_count > 0;
    if (any) {
        *event = l->events[0];
        memmove(l->events, l->events + 1, --l->event_count * sizeof *l->events);
    } else {
        uint64_t count;
        if (read(l->events_fd, &count, sizeof count) < 0)
            count = 0; /* EAGAIN: it was not raised */
    }
    pthread_mutex_unlock(&l->lock);
    return any;
}

enum domain_state link_state_of(int state)
{
    switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED: return DOMAIN_RUNNING;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED: return DOMAIN_PAUSED;
    case VIR_DOMAIN_SHUTOFF: return DOMAIN_OFF;
    case VIR_DOMAIN_CRASHED: return DOMAIN_CRASHED;
    default: return DOMAIN_CHANGING;
    }
}

/* ---- libvirt's event loop ---- */

static void do_nothing(int timer, void *context)
{
    (void)context;
    virEventRemoveTimeout(timer);
}

static void *hear(void *arg)
{
    struct link *l = arg;
    while (!atomic_load(&l->is_ending) && virEventRunDefaultImpl() == 0)
        ;
    return NULL;
}

static void be_silent(void *context, virErrorPtr error)
{
    (void)context;
    (void)error; /* it comes back from the call that failed */
}

static bool start_hearing(struct link *l, struct err *e)
{
    int failure = pthread_create(&l->hearer, NULL, hear, l);
    l->hears = failure == 0;
    return l->hears || err_errno(e, failure, "no thread for libvirt's events");
}

/* ---- the connection ---- */

/* What QEMU can do is asked of each in turn and kept: seconds under a new root, which would else be the first
 * guest's. */
static void wake_up(struct link *l)
{
    free(virConnectGetDomainCapabilities(l->connection, NULL, NULL, NULL, "qemu", 0));
}

static void disconnect(struct link *l)
{
    if (!l->connection)
        return;
    if (l->callback >= 0)
        (void)virConnectDomainEventDeregisterAny(l->connection, l->callback);
    (void)virConnectUnregisterCloseCallback(l->connection, on_close);
    virConnectClose(l->connection);
    l->connection = NULL;
    l->callback = -1;
}

static bool connect_to(struct link *l, const char *uri, bool may_start, struct err *e)
{
    char root[PATH_MAX], what[160] = "";
    embed_root(uri, root, sizeof root);
    l->is_embedded = *root != '\0';
    l->runs_as_us = l->is_embedded || strstr(uri, "/session");
    if (l->is_embedded && !embed_prepare(root, e))
        return false;
    text_append(what, sizeof what, "libvirt (%.120s)", uri);
    l->connection = may_start ? virConnectOpen(uri) : virConnectOpenReadOnly(uri);
    if (!l->connection)
        return advice_fail(e, what);
    text_copy(l->uri, sizeof l->uri, uri);
    if (l->is_embedded)
        wake_up(l);
    (void)virConnectSetKeepAlive(l->connection, KEEPALIVE_S, KEEPALIVES); /* not for one without a daemon */
    (void)virConnectRegisterCloseCallback(l->connection, on_close, l, NULL);
    l->callback = virConnectDomainEventRegisterAny(l->connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                   VIR_DOMAIN_EVENT_CALLBACK(on_life), l, NULL);
    if (l->callback >= 0)
        return true;
    advice_fail(e, what);
    disconnect(l);
    return false;
}

/* The system's daemon, then the user's own; the latter is not started just to look. */
static bool connect_to_usual(struct link *l, bool may_start, struct err *e)
{
    struct err system = { .text = "" };
    if (connect_to(l, "qemu:///system", may_start, &system) ||
        (may_start && connect_to(l, "qemu:///session", true, NULL)))
        return true;
    return err_set(e, system.exit, "%s", system.text);
}

bool link_open(const char *uri, bool may_start, struct link **link, struct err *e)
{
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return err_set(e, ERR_INTERNAL, "out of memory");
    l->callback = -1;
    l->events_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&l->lock, NULL);
    virSetErrorFunc(NULL, be_silent);
    bool ok = l->events_fd >= 0 || err_errno(e, errno, "no event descriptor");
    ok = ok && ((virInitialize() == 0 && virEventRegisterDefaultImpl() == 0) || advice_fail(e, "libvirt"));
    ok = ok && start_hearing(l, e);
    ok = ok && (uri && *uri ? connect_to(l, uri, may_start, e) : connect_to_usual(l, may_start, e));
    if (ok)
        *link = l;
    else
        link_close(&l);
    return ok;
}

void link_close(struct link **link)
{
    struct link *l = *link;
    *link = NULL;
    if (!l)
        return;
    disconnect(l);
    for (size_t i = 0; i < LINK_PORTS; i++)
        if (*l->ports[i].tap)
            tap_remove(l->ports[i].tap);
    if (l->hears) {
        atomic_store(&l->is_ending, true);
        (void)virEventAddTimeout(0, do_nothing, NULL, NULL); /* wakes the loop */
        pthread_join(l->hearer, NULL);
    }
    if (l->events_fd >= 0)
        close(l->events_fd);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
