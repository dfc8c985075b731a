/* control.h - the local socket of a coordinator that serves its port: other commands of the same
 * user ask it for the nodes, change its keys, watch or stop it.
 *
 * A stream of lines each way, each an object of JSON:
 *
 *     {"verb": "nodes"}          {"node": {...}} a node, then {"ok": true}
 *     {"verb": "revoke", ...}    {"ok": false, "exit": 2, "error": "..."}
 *     {"verb": "watch"}          {"line": "..."} as long as it lasts
 *
 * The verbs are a table in verbs.c. The socket is 0600 in a directory of mode 0700, and only the same
 * uid and root are answered. Nothing waits for a reader: one that is slow is dropped.
 */
#ifndef TARE_CONTROL_H
#define TARE_CONTROL_H

#include "control/place.h"
#include "run/hub.h"
#include "scenario/scenario.h"

struct control;

struct control_options {
    struct hub *hub;
    const struct scenario *scenario; /* whose roles the nodes have; NULL without a run */
    bool *gives_way;                 /* set when a run wants the port, and the hub is stopped; NULL: a run itself */
    struct control_place place;
};

/* Serve from within hub_next. The hub must be open, so that no other process has its port: a socket
 * that nobody answers at is replaced. The options' pointers are borrowed. */
MUST_CHECK bool control_open(const struct control_options *options, struct control **control, struct err *e);

/* Before the hub is closed. */
void control_close(struct control **control);

/* One line for everybody who watches: the function of a live_tap, `context` is a struct control. */
void control_tap(void *context, const char *line);

#endif
