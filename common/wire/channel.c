#include "channel.h"

#include <errno.h>
#include <inttypes.h>

#include <sodium.h>

/* Marked draft in zmq.h, but accepted by Debian's 4.3.4; checked when it is set. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

enum {
    BACKLOG = 4096, /* as many as a kernel takes by itself (net.core.somaxconn) */
    RECONNECT_MS = 200,
    RECONNECT_MAX_MS = 2000,
    CONNECT_MS = 2500,   /* then anew: TCP by itself would ask 1, 3, 7, 15 ... s later */
    HANDSHAKE_MS = 5000, /* who has been let in must be through with it: it holds a descriptor */
    DIAL_MS = 20000,     /* a coordinator on which a large lab descends takes a while to come to this one */
    DEAD_MS = 15000,     /* a connection on which nothing is acknowledged for so long is closed */
    KEEPALIVE_S = 5,
};

bool channel_start(struct err *e)
{
    /* tare reads its signals from a signalfd. */
    setenv("ZSYS_SIGHANDLER", "false", 1);
    if (!zsys_init())
        return err_set(e, ERR_INTERNAL, "ZeroMQ does not start (out of file descriptors?)");
    zsys_set_logstream(NULL);
    return true;
}

static void set_common(zsock_t *socket, int handshake_ms)
{
    zsock_set_linger(socket, 0);
    zsock_set_ipv6(socket, 1);
    zsock_set_maxmsgsize(socket, MESSAGE_FRAME_MAX);
    zsock_set_handshake_ivl(socket, handshake_ms);
    /* Who is alive is told by our own heartbeat; dead connections are cleared by TCP: by TCP_USER_TIMEOUT
     * where something was sent, by keepalives where nothing is. Not by ZMTP's heartbeat: libzmq 4.3 walks
     * all timers of an I/O thread to stop one, twice for each beat of each connection. */
    zsock_set_tcp_maxrt(socket, DEAD_MS);
    zsock_set_tcp_keepalive(socket, 1);
    zsock_set_tcp_keepalive_idle(socket, KEEPALIVE_S);
    zsock_set_tcp_keepalive_intvl(socket, KEEPALIVE_S);
    zsock_set_tcp_keepalive_cnt(socket, DEAD_MS / 1000 / KEEPALIVE_S - 1);
}

bool channel_listen(const char *endpoint, const struct keypair *own, zsock_t **router, struct err *e)
{
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    if (!socket)
        return err_errno(e, errno, "no socket");
    set_common(socket, HANDSHAKE_MS);
    zsock_set_backlog(socket, BACKLOG);
    zsock_set_router_mandatory(socket, 1);
    zsock_set_router_handover(socket, 0);
    zsock_set_zap_domain(socket, CHANNEL_ZAP_DOMAIN);
    zsock_set_curve_server(socket, 1);
    zsock_set_curve_publickey(socket, own->public_key);
    zsock_set_curve_secretkey(socket, own->secret_key);
    int enforce = 1, domain_is_set = 0;
    size_t size = sizeof domain_is_set;
    void *raw = zsock_resolve(socket);
    bool ok = zmq_setsockopt(raw, ZMQ_ZAP_ENFORCE_DOMAIN, &enforce, sizeof enforce) == 0 &&
              zmq_getsockopt(raw, ZMQ_ZAP_ENFORCE_DOMAIN, &domain_is_set, &size) == 0 && domain_is_set == 1;
    if (!ok)
        err_set(e, ERR_INTERNAL, "this libzmq cannot enforce authentication (ZAP domain)");
    else if (zsock_bind(socket, "%s", endpoint) < 0)
        ok = errno == EADDRINUSE
                 ? err_set(e, ERR_USAGE, "%s is in use: another `tare run` or program has the port", endpoint)
                 : err_errno(e, errno, "cannot listen at %s", endpoint);
    if (!ok) {
        zsock_destroy(&socket);
        return false;
    }
    *router = socket;
    return true;
}

bool channel_dial(const struct invite *invite, zsock_t **dealer, zsock_t **monitor, struct err *e)
{
    zsock_t *socket = zsock_new(ZMQ_DEALER), *events = zsock_new(ZMQ_PAIR);
    char where[64];
    bool ok = socket && events;
    if (!ok)
        err_errno(e, errno, "no socket");
    if (ok) {
        set_common(socket, DIAL_MS);
        zsock_set_reconnect_ivl(socket, RECONNECT_MS);
        zsock_set_reconnect_ivl_max(socket, RECONNECT_MAX_MS);
        zsock_set_connect_timeout(socket, CONNECT_MS);
        zsock_set_curve_serverkey(socket, invite->server_key);
        zsock_set_curve_publickey(socket, invite->node.public_key);
        zsock_set_curve_secretkey(socket, invite->node.secret_key);
        /* Not its address: the next socket may get that of one whose monitor is still being taken down. */
        uint64_t number;
        randombytes_buf(&number, sizeof number);
        snprintf(where, sizeof where, "inproc://monitor-%016" PRIx64, number);
        int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_DISCONNECTED;
        ok = (zmq_socket_monitor(zsock_resolve(socket), where, wanted) == 0 &&
              zsock_connect(events, "%s", where) == 0) ||
             err_errno(e, errno, "no monitor on the connection");
    }
    if (ok && zsock_connect(socket, "%s", invite->endpoint) != 0)
        ok = err_set(e, ERR_USAGE, "'%s' is not an address to connect to", invite->endpoint);
    if (!ok) {
        channel_hang_up(&socket, &events);
        return false;
    }
    *dealer = socket;
    *monitor = events;
    return true;
}

void channel_hang_up(zsock_t **dealer, zsock_t **monitor)
{
    if (*dealer)
        zmq_socket_monitor(zsock_resolve(*dealer), NULL, 0);
    zsock_destroy(monitor);
    zsock_destroy(dealer);
}

enum channel_event channel_event(zsock_t *monitor)
{
    /* Two frames: 16 bits of event and 32 of value in the machine's order; the endpoint. */
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    uint16_t event = 0;
    bool is_first = true, has_more = true, any = false;
    while (has_more && zmq_msg_recv(&frame, zsock_resolve(monitor), ZMQ_DONTWAIT) >= 0) {
        any = true;
        if (is_first && zmq_msg_size(&frame) >= sizeof event)
            memcpy(&event, zmq_msg_data(&frame), sizeof event);
        is_first = false;
        has_more = zmq_msg_more(&frame);
    }
    zmq_msg_close(&frame);
    if (!any)
        return CHANNEL_NOTHING;
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return CHANNEL_OPEN;
    case ZMQ_EVENT_DISCONNECTED: return CHANNEL_CLOSED;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return CHANNEL_REFUSED;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: return CHANNEL_FOREIGN;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return CHANNEL_BROKEN;
    default: return CHANNEL_OTHER;
    }
}

bool channel_send(zsock_t *socket, const struct channel_id *to, const struct message *m, bool *gone, struct err *e)
{
    msgpack_sbuffer frame;
    msgpack_sbuffer_init(&frame);
    bool ok = message_encode(m, &frame, e);
    void *raw = zsock_resolve(socket);
    *gone = false;
    /* With ROUTER_MANDATORY the first frame tells whether the receiver can be reached. */
    if (ok && to)
        ok = zmq_send(raw, to->bytes, to->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
    if (ok)
        ok = zmq_send(raw, frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
    if (!ok && m->type) {
        *gone = errno == EHOSTUNREACH;
        err_errno(e, errno, "%s not sent", message_name(m->type));
    }
    msgpack_sbuffer_destroy(&frame);
    return ok;
}

void channel_frame_close(struct channel_frame *frame)
{
    zmq_msg_close(&frame->sender);
    zmq_msg_close(&frame->body);
}

bool channel_receive(zsock_t *socket, bool is_router, struct channel_frame *frame)
{
    void *raw = zsock_resolve(socket);
    zmq_msg_init(&frame->sender);
    zmq_msg_init(&frame->body);
    for (;;) {
        zmq_msg_t *last = is_router ? &frame->sender : &frame->body;
        if (zmq_msg_recv(last, raw, ZMQ_DONTWAIT) < 0)
            break;
        if (is_router && zmq_msg_more(last) && zmq_msg_recv(&frame->body, raw, ZMQ_DONTWAIT) >= 0)
            last = &frame->body;
        if (last == &frame->body && !zmq_msg_more(last))
            return true;
        while (zmq_msg_more(last) && zmq_msg_recv(last, raw, ZMQ_DONTWAIT) >= 0)
            continue;
    }
    channel_frame_close(frame);
    return false;
}

bool channel_frame_decode(struct channel_frame *frame, struct message *m, struct err *e)
{
    return message_decode(zmq_msg_data(&frame->body), zmq_msg_size(&frame->body), m, e);
}

struct channel_id channel_frame_sender(struct channel_frame *frame)
{
    return (struct channel_id){ zmq_msg_data(&frame->sender), zmq_msg_size(&frame->sender) };
}

const char *channel_frame_property(const struct channel_frame *frame, const char *name)
{
    return zmq_msg_gets(&frame->body, name);
}
