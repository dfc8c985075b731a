/* client.h - one stock netperf client: its control connection, from the first message to the end. */
#ifndef TARE_CLIENT_H
#define TARE_CLIENT_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "service.h"

enum client_state { CLIENT_SILENT, CLIENT_WAITING, CLIENT_TESTING };

struct client {
    struct service *service;
    struct sockaddr_storage from;
    int fd;        /* its control connection */
    int cancel_fd; /* an eventfd: readable when it is to end */
    _Atomic enum client_state state;
};

/* Serve it until it or its time ends, or cancel_fd is raised; logs what happens. */
void client_serve(struct client *client);

#endif
