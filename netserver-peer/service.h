/* service.h - serving stock netperf clients: who may come, how many at once, and when not at all.
 *
 * One thread accepts, each client has a thread of its own (client.h). Connections are bounded: those that
 * have said nothing give way to newcomers, oldest first, then those that wait between two tests; a test
 * is never cut for a newcomer. While a run of tare has this machine, tests are refused (EBUSY), and those
 * that were running are broken off: the run was asked for by whoever owns this machine.
 */
#ifndef TARE_SERVICE_H
#define TARE_SERVICE_H

#include "base/err.h"
#include "netperf/allow.h"
#include "netperf/control.h"

enum {
    SERVICE_ADDRESS = 64,
    SERVICE_CLIENTS = 4, /* tests at once, unless said otherwise */
    SERVICE_CLIENTS_MAX = 64,
    SERVICE_WAITING_MAX = 16, /* connections beside them */
    SERVICE_PASSPHRASE = 641,
};

/* How long what is waited for, in ms. */
struct service_patience {
    int64_t first_ms;   /* a client's first message */
    int64_t next_ms;    /* its next one, and the next test */
    int64_t rest_ms;    /* the rest of a message, or that one is read */
    int64_t connect_ms; /* the data connection; a client makes it as soon as it has the answer */
    int64_t still_ms;   /* data, in a test that nothing else ends */
    int64_t grace_ms;   /* the end of a test whose time is over */
};
extern const struct service_patience SERVICE_PATIENCE;

struct service_options {
    char address[SERVICE_ADDRESS]; /* numeric */
    uint16_t port;
    struct allow allow;
    unsigned clients; /* tests at once */
    struct service_patience patience;
    char passphrase[SERVICE_PASSPHRASE]; /* "": none is asked for */
};

/* Read "10.0.0.3", "10.0.0.3:12865", "::", "[fd00::1]:12865" into the options; port 0: any that is free. */
MUST_CHECK bool service_read_address(struct service_options *options, const char *text, struct err *e);

/* Read the first line of a file that nobody else may read. */
MUST_CHECK bool service_read_passphrase(struct service_options *options, const char *path, struct err *e);

struct service;

/* Listen and serve; `options` is borrowed. Signals that end the program are to be blocked. */
MUST_CHECK bool service_new(const struct service_options *options, struct service **service, struct err *e);

/* Where it listens. */
uint16_t service_port(const struct service *service);

/* Breaks off what is going on. */
void service_destroy(struct service **service);

/* While true, no test begins and none goes on. */
void service_set_busy(struct service *service, bool is_busy);

/* ---- for client.c ---- */

const struct service_options *service_options(const struct service *service);

/* A test may begin: 0, else the errno for the client. Each that began ends. */
int service_begin_test(struct service *service);
void service_end_test(struct service *service);

#endif
