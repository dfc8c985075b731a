/* client.h - a command's side of the control socket. It may wait, but not for ever. */
#ifndef TARE_CONTROL_CLIENT_H
#define TARE_CONTROL_CLIENT_H

#include <jansson.h>

#include "control/place.h"

struct client;

/* *client stays NULL where nobody serves, which is no failure. */
MUST_CHECK bool client_open(const struct control_place *place, struct client **client, struct err *e);
/* A run wants the port: ask who serves there without one to make way. `asked`: it does, and the port will
 * be free in a moment; else nobody serves, or a run. */
MUST_CHECK bool client_clear_way(const struct control_place *place, bool *asked, struct err *e);

void client_close(struct client **client);

/* Send `request` (stolen) and take the lines up to its answer; *lines (may be NULL) is an array, the
 * caller's. What the coordinator refuses is an error with its words. */
MUST_CHECK bool client_ask(struct client *client, json_t *request, json_t **lines, struct err *e);

/* The next line, the caller's; NULL when the coordinator has closed, or nothing comes for
 * `timeout_ms` (-1: wait). */
json_t *client_next(struct client *client, int timeout_ms);

#endif
