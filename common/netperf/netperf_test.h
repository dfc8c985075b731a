/* netperf_test.h - one test of netperf's, as a request asks for it; netperf_outcome.h: how it came out.
 *
 * Both roles meet here: a server reads requests, a client writes them. What comes from outside is checked
 * and clamped, so that what the struct holds can be gone by. Pure; the fields are those of control.h.
 */
#ifndef TARE_NETPERF_TEST_H
#define TARE_NETPERF_TEST_H

#include "base/err.h"
#include "netperf/control.h"

/* The tests that are served and asked for: name, and netperf's word for it. */
#define NETPERF_KINDS(K)                \
    K(NETPERF_STREAM, "TCP_STREAM")     \
    K(NETPERF_SENDFILE, "TCP_SENDFILE") \
    K(NETPERF_MAERTS, "TCP_MAERTS")     \
    K(NETPERF_RR, "TCP_RR")             \
    K(NETPERF_CRR, "TCP_CRR")           \
    K(NETPERF_UDP_STREAM, "UDP_STREAM") \
    K(NETPERF_UDP_RR, "UDP_RR")

#define NETPERF_KIND_ENUM(name, word) name,
enum netperf_kind { NETPERF_KINDS(NETPERF_KIND_ENUM) NETPERF_KIND_COUNT };

const char *netperf_kind_name(enum netperf_kind kind);

enum {
    NETPERF_MESSAGE_MAX = 64 * 1024 * 1024,
    NETPERF_DATAGRAM_MAX = 65507, /* what IPv4 leaves of 65535 */
    NETPERF_BUFFER_MAX = 1024 * 1024 * 1024,
    NETPERF_LENGTH_MAX_S = 24 * 3600,
    NETPERF_GRACE_MS = 4000, /* that a server listens for longer than the test is long */
    NETPERF_ADDRESS = 46,
    NETPERF_CONGESTION = 17,
};

/* Sizes as the server's side has them; 0 is its own choice. */
struct netperf_test {
    enum netperf_kind kind;
    bool is_ipv6, nodelay, measures_cpu;
    int32_t cpu;                           /* to be bound to; -1: any */
    int32_t send_bytes, receive_bytes;     /* of one call; 0 where transactions go */
    int32_t request_bytes, response_bytes; /* of a transaction */
    int32_t send_buffer, receive_buffer;   /* sockets' */
    uint16_t data_port;                    /* 0: any */
    int64_t length_ns;                     /* 0: until `units` are done */
    int64_t units;                         /* bytes, or transactions; 0: for length_ns */
    char address[NETPERF_ADDRESS];         /* where the server waits for data, numeric; "": where it was asked */
    char congestion[NETPERF_CONGESTION];   /* "": the server's own */
};

/* A server reads a request of the form OMNI or STREAM. Gives 0, or the errno that refuses it, with
 * `why` in words: what is not served, or makes no sense. Sizes that are only large are clamped. */
int netperf_read_request(const struct control *request, struct netperf_test *test, struct err *why);

/* A client asks for it. */
void netperf_write_request(const struct netperf_test *test, struct control *request);

/* The length as it travels: whole seconds, rounded up, or the units as a negative number. */
int32_t netperf_length(const struct netperf_test *test);

#endif
