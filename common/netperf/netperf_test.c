#include "netperf_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { UNSET = -1, ALIGN_DEFAULT = 8 };

const char *netperf_kind_name(enum netperf_kind kind)
{
#define KIND_NAME(name, word) [name] = word,
    static const char *const NAMES[] = { NETPERF_KINDS(KIND_NAME) };
    return kind < NETPERF_KIND_COUNT ? NAMES[kind] : "?";
}

static bool is_udp(enum netperf_kind kind) { return kind == NETPERF_UDP_STREAM || kind == NETPERF_UDP_RR; }

static bool is_transactions(enum netperf_kind kind)
{
    return kind == NETPERF_RR || kind == NETPERF_CRR || kind == NETPERF_UDP_RR;
}

/* 1..most; 0, the server's choice, for what is not set. */
static int32_t clamp(int32_t value, int32_t most) { return value <= 0 ? 0 : value < most ? value : most; }

/* ---- addresses ---- */

/* IPv4's four bytes stand in order, IPv6's sixteen in words whose bytes are swapped. */
static void swap_words(const unsigned char from[16], unsigned char to[16])
{
    for (size_t i = 0; i < 16; i++)
        to[i] = from[i ^ 3];
}

static void read_address(const unsigned char bytes[16], bool is_ipv6, char *address)
{
    static const unsigned char ANY[16];
    unsigned char v6[16];
    address[0] = '\0';
    if (memcmp(bytes, ANY, sizeof ANY) == 0)
        return;
    swap_words(bytes, v6);
    if (!inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, is_ipv6 ? v6 : bytes, address, NETPERF_ADDRESS))
        address[0] = '\0';
}

static void write_address(const char *address, bool is_ipv6, unsigned char bytes[16])
{
    unsigned char v6[16];
    if (is_ipv6 && inet_pton(AF_INET6, address, v6) == 1)
        swap_words(v6, bytes);
    else if (!is_ipv6)
        (void)inet_pton(AF_INET, address, bytes); /* what is none leaves it as it is: any */
}

/* ---- requests ---- */

static int refuse(struct err *why, int errno_value, const char *text, int64_t value)
{
    err_set(why, ERR_USAGE, "%s (%" PRId64 ")", text, value);
    return errno_value;
}

static void read_length(int32_t length, struct netperf_test *t)
{
    if (length < 0)
        t->units = -(int64_t)length;
    else /* 0 is netperf's word for ever */
        t->length_ns =
            (length > 0 && length < NETPERF_LENGTH_MAX_S ? length : NETPERF_LENGTH_MAX_S) * (int64_t)CLOCK_NS_PER_S;
}

/* Which test it is; NETPERF_KIND_COUNT where it is none of those. */
static enum netperf_kind kind_of(const struct control_omni *o)
{
    bool connects = (o->flags & CONTROL_CONNECT) != 0;
    if (o->socket_type == CONTROL_STREAM_SOCKET && (o->protocol == CONTROL_TCP || o->protocol == 0)) {
        if (o->direction == CONTROL_BOTH)
            return connects ? NETPERF_CRR : NETPERF_RR;
        if (o->direction == CONTROL_SERVER_RECEIVES && !connects)
            return NETPERF_STREAM;
        if (o->direction == CONTROL_SERVER_SENDS && !connects)
            return NETPERF_MAERTS;
    }
    if (o->socket_type == CONTROL_DATAGRAM_SOCKET && (o->protocol == CONTROL_UDP || o->protocol == 0) && !connects) {
        if (o->direction == CONTROL_BOTH)
            return NETPERF_UDP_RR;
        if (o->direction == CONTROL_SERVER_RECEIVES)
            return NETPERF_UDP_STREAM;
    }
    return NETPERF_KIND_COUNT;
}

static int read_family(int32_t family, struct netperf_test *t, struct err *why)
{
    t->is_ipv6 = family == CONTROL_IPV6;
    return family == CONTROL_IPV6 || family == CONTROL_IPV4
               ? 0
               : refuse(why, EAFNOSUPPORT, "neither IPv4 (4) nor IPv6 (6)", family);
}

static int read_port(int32_t port, struct netperf_test *t, struct err *why)
{
    if (port < 0 || port > UINT16_MAX)
        return refuse(why, EINVAL, "no data port", port);
    t->data_port = (uint16_t)port;
    return 0;
}

static int read_omni(const struct control_omni *o, struct netperf_test *t, struct err *why)
{
    t->kind = kind_of(o);
    if (t->kind == NETPERF_KIND_COUNT)
        return refuse(why, EOPNOTSUPP, "none of the tests that are served: direction", o->direction);
    int32_t most = is_udp(t->kind) ? NETPERF_DATAGRAM_MAX : NETPERF_MESSAGE_MAX;
    t->nodelay = (o->flags & CONTROL_NODELAY) != 0;
    t->measures_cpu = (o->flags & CONTROL_MEASURE_CPU) != 0;
    t->send_buffer = clamp(o->send_buffer, NETPERF_BUFFER_MAX);
    t->receive_buffer = clamp(o->receive_buffer, NETPERF_BUFFER_MAX);
    if (is_transactions(t->kind)) {
        /* Both sides count on the very size: what is too large cannot be clamped. */
        if (o->request_size < 1 || o->request_size > most)
            return refuse(why, EMSGSIZE, "a request's size that is not served", o->request_size);
        if (o->response_size < 1 || o->response_size > most)
            return refuse(why, EMSGSIZE, "a response's size that is not served", o->response_size);
        t->request_bytes = o->request_size;
        t->response_bytes = o->response_size;
    } else {
        t->send_bytes = clamp(o->send_size, most);
        t->receive_bytes = clamp(o->receive_size, most);
    }
    text_copy(t->congestion, sizeof t->congestion, o->congestion);
    read_length(o->length, t);
    int refusal = read_family(o->family, t, why);
    read_address(o->server_address, t->is_ipv6, t->address);
    return refusal ? refusal : read_port(o->data_port, t, why);
}

static int read_stream(const struct control_stream *s, struct netperf_test *t, struct err *why)
{
    t->kind = NETPERF_SENDFILE;
    t->nodelay = s->nodelay != 0;
    t->measures_cpu = s->measure_cpu != 0;
    t->send_buffer = clamp(s->send_buffer, NETPERF_BUFFER_MAX);
    t->receive_buffer = clamp(s->receive_buffer, NETPERF_BUFFER_MAX);
    t->receive_bytes = clamp(s->receive_size, NETPERF_MESSAGE_MAX);
    /* netperf sends so many bytes as so many seconds, so no length can be told from it but a bound. */
    read_length(s->length < 0 ? 0 : s->length, t);
    int refusal = read_family(s->family, t, why);
    return refusal ? refusal : read_port(s->data_port, t, why);
}

int netperf_read_request(const struct control *request, struct netperf_test *test, struct err *why)
{
    *test = (struct netperf_test){ .cpu = request->word >= 0 ? request->word : UNSET };
    switch (request->form) {
    case CONTROL_FORM_OMNI: return read_omni(&request->omni, test, why);
    case CONTROL_FORM_STREAM: return read_stream(&request->stream, test, why);
    default: return refuse(why, CONTROL_UNKNOWN, "no request of a test: type", request->type);
    }
}

static int32_t or_unset(int32_t value) { return value > 0 ? value : UNSET; }

int32_t netperf_length(const struct netperf_test *t)
{
    return t->units > 0 ? -(int32_t)(t->units < INT32_MAX ? t->units : INT32_MAX)
                        : (int32_t)((t->length_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S);
}

static void write_stream(const struct netperf_test *t, struct control_stream *s)
{
    *s = (struct control_stream){ .send_buffer = or_unset(t->send_buffer),
                                  .receive_buffer = or_unset(t->receive_buffer),
                                  .receive_size = t->receive_bytes,
                                  .receive_align = ALIGN_DEFAULT,
                                  .nodelay = t->nodelay,
                                  .measure_cpu = t->measures_cpu,
                                  .length = netperf_length(t),
                                  .data_port = t->data_port,
                                  .family = t->is_ipv6 ? CONTROL_IPV6 : CONTROL_IPV4 };
}

static void write_omni(const struct netperf_test *t, struct control_omni *o)
{
    bool is_rr = is_transactions(t->kind);
    *o = (struct control_omni){
        .send_buffer = or_unset(t->send_buffer),
        .send_size = or_unset(t->send_bytes),
        .send_align = ALIGN_DEFAULT,
        .send_width = t->kind == NETPERF_MAERTS ? 0 : 1,
        .request_size = is_rr ? t->request_bytes : UNSET,
        .receive_buffer = or_unset(t->receive_buffer),
        .receive_size = or_unset(t->receive_bytes),
        .receive_align = ALIGN_DEFAULT,
        .receive_width = t->kind == NETPERF_STREAM || t->kind == NETPERF_UDP_STREAM ? 0 : 1,
        .response_size = is_rr ? t->response_bytes : UNSET,
        .flags = (t->kind == NETPERF_UDP_STREAM ? 0U : CONTROL_ROUTING_ALLOWED) | (t->nodelay ? CONTROL_NODELAY : 0U) |
                 (t->measures_cpu ? CONTROL_MEASURE_CPU : 0U) | (t->kind == NETPERF_CRR ? CONTROL_CONNECT : 0U),
        .length = netperf_length(t),
        .use_dirty = UNSET,
        .dirty_count = UNSET,
        .clean_count = UNSET,
        .data_port = t->data_port,
        .family = t->is_ipv6 ? CONTROL_IPV6 : CONTROL_IPV4,
        .socket_type = is_udp(t->kind) ? CONTROL_DATAGRAM_SOCKET : CONTROL_STREAM_SOCKET,
        .protocol = is_udp(t->kind) ? CONTROL_UDP : CONTROL_TCP,
        .direction = is_rr                       ? CONTROL_BOTH
                     : t->kind == NETPERF_MAERTS ? CONTROL_SERVER_SENDS
                                                 : CONTROL_SERVER_RECEIVES,
        .priority = UNSET,
        .type_of_service = UNSET,
    };
    write_address(t->address, t->is_ipv6, o->server_address);
    text_copy(o->congestion, sizeof o->congestion, t->congestion);
}

void netperf_write_request(const struct netperf_test *test, struct control *request)
{
    bool is_stream = test->kind == NETPERF_SENDFILE;
    *request = (struct control){ .type = is_stream ? CONTROL_DO_TCP_STREAM : CONTROL_DO_OMNI,
                                 .word = test->cpu,
                                 .form = is_stream ? CONTROL_FORM_STREAM : CONTROL_FORM_OMNI };
    if (is_stream)
        write_stream(test, &request->stream);
    else
        write_omni(test, &request->omni);
}
