/* data_port.h - the data socket of a test for a netperf client: where it waits, and who may come. */
#ifndef TARE_DATA_PORT_H
#define TARE_DATA_PORT_H

#include "base/err.h"
#include "netperf/allow.h"
#include "netperf/netperf_outcome.h"

/* Bind what the test asks for, at its address, else at the one that the client's control connection came
 * to; TCP listens, without blocking. Buffers are what the kernel gives of what was asked; `answer` tells
 * them, and the port. `*fd` is the caller's to close. `*refusal` is the errno for the client. */
MUST_CHECK bool data_port_open(const struct netperf_test *test, int control_fd, int *fd, struct netperf_answer *answer,
                               int *refusal, struct err *e);

/* What bounds a wait for a client's data. */
struct data_wait {
    int control_fd; /* its end says that the client is gone */
    int cancel_fd;  /* readable: break off */
    const struct allow *allow;
    int64_t most_ms;
};

/* Wait for the one data connection, from an address that is allowed, others are hung up; `*fd` is
 * blocking. */
MUST_CHECK bool data_port_accept(int listen_fd, const struct data_wait *wait, int *fd, struct err *e);

/* Wait for the first datagram from an address that is allowed, leave it there, and connect the socket to
 * where it came from; `*bytes` is its size. */
MUST_CHECK bool data_port_connect(int fd, const struct data_wait *wait, size_t *bytes, struct err *e);

#endif
