/* reach.h - how a command beside a run finds its coordinator: by the control socket of one that
 * serves, else by being it for a moment.
 */
#ifndef TARE_REACH_H
#define TARE_REACH_H

#include "command/command.h"
#include "control/client.h"
#include "control/control.h"
#include "lab/lab.h"
#include "run/hub.h"

struct reach_options {
    bool is_lab;
    const char *lab_name; /* NULL with is_lab: the only one there is */
    int64_t port;         /* 0: the usual */
    bool may_find_lab;    /* where nobody serves the user's own, a lab's run is meant */
};

struct reach {
    struct lab *lab; /* NULL: the user's own keys and port */
    struct control_place place;
    struct client *client; /* NULL: nobody serves */
    bool gives_way;        /* this process served, and a run wanted the port: HUB_SIGNAL was that */
    /* Only when this process serves: */
    struct keyring *keyring;
    struct hub *hub;
    struct control *control;
    unsigned port;
};

/* The options that these commands have in common, in this order. */
/* In that time every agent has come that is alive: those that were refused dial again after 5 s. */
enum { REACH_ALL_MS = 6000 };

enum { REACH_LAB, REACH_PORT, REACH_OPTION_COUNT };
/* clang-format off */
#define REACH_PORT_OPTION                                                                                              \
    { .name = "port", .kind = ARGUMENT_TEXT, .argument = "PORT", .doc = "of the coordinator, default 5670" }
#define REACH_OPTIONS                                                                                                  \
    [REACH_LAB] = { .name = "lab", .kind = ARGUMENT_TEXT, .argument = "NAME", .is_optional = true,                     \
                    .doc = "the run in a lab of this machine's own (`tare lab up`)" },                                \
    [REACH_PORT] = REACH_PORT_OPTION
/* clang-format on */

/* Take one of them; a value for `options`. */
MUST_CHECK bool reach_take(struct reach_options *options, int option, const char *value, struct err *e);

/* Look who serves. */
MUST_CHECK bool reach_open(const struct reach_options *options, struct reach *reach, struct err *e);

/* Open the keyring alone: to change it where nobody serves. */
MUST_CHECK bool reach_keyring(struct reach *reach, struct err *e);

/* Where nobody serves: do it from now on, control socket and all. */
MUST_CHECK bool reach_serve(struct reach *reach, struct err *e);

/* The same to see the nodes: refused where none has a key. */
MUST_CHECK bool reach_visit(struct reach *reach, struct err *e);

/* After the keyring was changed here: somebody may have begun to serve meanwhile. */
void reach_tell_change(const struct reach *reach);

void reach_close(struct reach *reach, const char *farewell);

#endif
