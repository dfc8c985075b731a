/* link.h - a connection to libvirt, and the thread that hears what happens there. */
#ifndef TARE_LIBVIRT_LINK_H
#define TARE_LIBVIRT_LINK_H

#include <pthread.h>
#include <stdatomic.h>

#include <libvirt/libvirt.h>

#include "guests/libvirt/tap.h"
#include "guests/provider.h"

enum { LINK_EVENTS = 64, LINK_PORTS = 64 };

struct link {
    virConnectPtr connection;
    char uri[PATH_MAX];
    bool is_embedded; /* no daemon: what it started does not end with the connection */
    bool runs_as_us;  /* its QEMUs are this user's */
    struct link_port {
        char domain[DOMAIN_NAME], tap[IFNAMSIZ];
    } ports[LINK_PORTS]; /* that were made for domains: "" is none */
    _Atomic bool is_lost, is_ending;
    int events_fd, callback;
    pthread_t hearer; /* runs libvirt's event loop */
    bool hears;
    pthread_mutex_t lock;
    struct domain_event events[LINK_EVENTS]; /* guarded; those that are too many are left out */
    size_t event_count;
};

/* As struct provider has them. */
MUST_CHECK bool link_open(const char *uri, bool may_start, struct link **link, struct err *e);
void link_close(struct link **link);
bool link_next_event(struct link *link, struct domain_event *event);

enum domain_state link_state_of(int libvirt_state);

#endif
