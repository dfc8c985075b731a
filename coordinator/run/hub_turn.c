#include "hub_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "run/prober.h"
#include "run/zap.h"

enum {
    GUEST_EVERY_MS = 50,
    INPUT_A_TURN = 200, /* packets of a kind that are read before all else has its turn again */
    FLOOD = 50 * 1000,  /* so many without an end, and deadlines no longer wait until all is read */
    GATHER_MS = 1,
    PACE_MS = 10, /* the flow of messages is judged by so much of it */
    BUSY_FRAMES = 100,
    DESCRIPTORS_EVERY_MS = 1000,
    DESCRIPTORS_SPARE = 16,
};

/* Nodes whose key was taken back, or given anew, are told so and cut: on connections from before, too. */
static void look_at_keys(struct hub *h)
{
    struct roster_node *n;
    uint64_t endings = keyring_endings(h->keyring);
    if (endings == h->endings)
        return;
    h->endings = endings;
    for (size_t i = 0; (n = roster_at(h->roster, i)); i++) {
        const char *name = n->is_welcome ? keyring_name_of(h->keyring, n->key) : n->name;
        if (name && strcmp(name, n->name) == 0)
            continue;
        const struct channel_id id = { n->id, n->id_size };
        hub_refuse(h, &id, "the coordinator has revoked this node's key");
        n->is_revoked = h->is_revoking = true;
        roster_cut(h->roster, n); /* lost at the next look */
    }
}

/* Beyond the limit connections wait in the kernel, and nobody else would say why. */
static void look_at_descriptors(struct hub *h, int64_t now)
{
    if (now < h->descriptors_mono)
        return;
    h->descriptors_mono = now + clock_ms(DESCRIPTORS_EVERY_MS);
    bool is_full = !descriptors_left(h->signal_fd, DESCRIPTORS_SPARE);
    if (is_full && !h->is_full)
        log_warn("no more nodes can connect: all but %d of this process's %zu open files are taken; "
                 "raise the limit (ulimit -n, or LimitNOFILE= in a unit)",
                 DESCRIPTORS_SPARE, descriptors_limit());
    h->is_full = is_full;
}

static bool find_dead(struct hub *h, int64_t now, struct hub_event *event)
{
    struct roster_node *n;
    while ((n = roster_next_dead(h->roster, now))) {
        bool was_joined = n->is_joined;
        *event = (struct hub_event){ .kind = HUB_LOST, .node = n };
        roster_tell_loss(n, now, event->why, sizeof event->why);
        roster_drop(h->roster, n);
        if (was_joined)
            return true;
    }
    return false;
}

static bool take_probes(struct hub *h, struct hub_event *event)
{
    while (h->probes_left > 0) {
        bool more;
        struct roster_node *n = prober_read(h->prober, h->roster, &more);
        h->probes_left = more ? h->probes_left - 1 : 0;
        h->has_rest = h->has_rest || (more && h->probes_left == 0);
        h->read_in_a_row += more;
        if (!n)
            continue;
        roster_heard(n, clock_mono_ns());
        *event = (struct hub_event){ .kind = HUB_PROBED, .node = n };
        return true;
    }
    return false;
}

static bool take_frames(struct hub *h, struct hub_event *event)
{
    bool is_event = false;
    while (!is_event && h->frames_left > 0) {
        struct channel_frame frame;
        bool any = channel_receive(h->router, true, &frame);
        h->frames_left = any ? h->frames_left - 1 : 0;
        h->has_rest = h->has_rest || (any && h->frames_left == 0);
        if (!any)
            break;
        h->read_in_a_row++;
        h->frames_paced++;
        is_event = hub_frame(h, &frame, event);
        channel_frame_close(&frame);
    }
    return is_event;
}

/* What is left of this turn's input, up to the first event. */
static bool take_input(struct hub *h, struct hub_event *event)
{
    return take_probes(h, event) || take_frames(h, event);
}

/* A node that is dead, or the caller's deadline. */
static bool take_lateness(struct hub *h, int64_t deadline_mono_ns, int64_t now, struct hub_event *event)
{
    h->read_in_a_row = 0;
    if (find_dead(h, now, event))
        return true;
    *event = (struct hub_event){ .kind = HUB_DEADLINE };
    return now >= deadline_mono_ns;
}

/* When it has something to read; and where input never ends, every now and then all the same. */
static void serve_guest(struct hub *h, int64_t now)
{
    if (h->guest.fd < 0 || now < h->guest_mono)
        return;
    h->guest_mono = now + clock_ms(GUEST_EVERY_MS);
    h->guest.serve(h->guest.context);
}

/* Everybody but the nodes has a turn, then they may be heard again. False where it is time to stop. */
static bool begin_turn(struct hub *h, int64_t now)
{
    struct signalfd_siginfo info;
    serve_guest(h, now);
    if (read(h->signal_fd, &info, sizeof info) == (ssize_t)sizeof info || h->is_stopped)
        return false;
    look_at_keys(h);
    look_at_descriptors(h, now);
    hub_do_duties(h, now);
    zap_answer(h->zap, h->keyring);
    h->probes_left = h->frames_left = INPUT_A_TURN;
    h->has_rest = false;
    return true;
}

/* Whether so much comes that it is cheaper to let some of it gather than to be woken for each message. */
static bool is_busy(struct hub *h, int64_t now)
{
    if (now - h->pace_mono >= clock_ms(PACE_MS)) {
        h->is_busy = h->frames_paced > BUSY_FRAMES;
        h->frames_paced = 0;
        h->pace_mono = now;
    }
    return h->is_busy;
}

/* Until there is something to read or to do. */
static bool await(struct hub *h, int64_t deadline_mono_ns, int64_t now, struct err *e)
{
    const struct agenda_entry *duty = agenda_first(&h->duties);
    int64_t wake = now + clock_ms(is_busy(h, now) ? GATHER_MS : HUB_LOOK_MS);
    wake = duty && duty->due_ns < wake ? duty->due_ns : wake;
    enum { SIGNAL, GUEST, PROBES, ZAP, NODES, SOURCES };
    zmq_pollitem_t items[SOURCES] = {
        [SIGNAL] = { .fd = h->signal_fd, .events = ZMQ_POLLIN },
        [GUEST] = { .fd = h->guest.fd >= 0 ? h->guest.fd : h->signal_fd, .events = ZMQ_POLLIN },
        [PROBES] = { .fd = prober_fd(h->prober), .events = ZMQ_POLLIN },
        [ZAP] = { .socket = zsock_resolve(h->zap), .events = ZMQ_POLLIN },
        [NODES] = { .socket = zsock_resolve(h->router), .events = ZMQ_POLLIN },
    };
    if (zmq_poll(items, h->is_busy ? ZAP : SOURCES, clock_ms_until(wake < deadline_mono_ns ? wake : deadline_mono_ns)) <
            0 &&
        errno != EINTR)
        return err_errno(e, errno, "waiting for the nodes");
    if (items[GUEST].revents)
        h->guest_mono = 0;
    return true;
}

/* A node whose key was taken back is lost before others are heard of it: that their connections to it
 * broke is a consequence, and would pass for the cause. */
static bool tell_revoked(struct hub *h, struct hub_event *event)
{
    h->is_revoking = h->is_revoking && find_dead(h, clock_mono_ns(), event);
    return h->is_revoking;
}

bool hub_next(struct hub *h, int64_t deadline_mono_ns, struct hub_event *event, struct err *e)
{
    if (!h->is_stopped && (tell_revoked(h, event) || take_input(h, event))) /* the turn of the last call goes on */
        return true;
    for (;;) {
        int64_t now = clock_mono_ns();
        if (!begin_turn(h, now)) {
            *event = (struct hub_event){ .kind = HUB_SIGNAL };
            return true;
        }
        if (tell_revoked(h, event) || take_input(h, event))
            return true;
        /* Lateness is told when all that was sent in time has been read: we may have been kept from
         * running. But nobody shall put it off for ever by sending on and on. */
        if ((!h->has_rest || h->read_in_a_row > FLOOD) && take_lateness(h, deadline_mono_ns, now, event))
            return true;
        if (!h->has_rest && !await(h, deadline_mono_ns, now, e))
            return false;
    }
}
