/* reach.h - how a command beside a run finds its coordinator: by the control socket of one that
 * serves, else by being it for a moment.
 */
#ifndef TARE_REACH_H
#define TARE_REACH_H

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
    /* Only when this process serves: */
    struct keyring *keyring;
    struct hub *hub;
    struct control *control;
    unsigned port;
};

#define REACH_HELP                                                                  \
    "  --lab[=NAME]       the run in a lab of this machine's own (`tare lab up`)\n" \
    "  --port PORT        of the coordinator, default 5670\n"

/* Look who serves. */
MUST_CHECK bool reach_open(const struct reach_options *options, struct reach *reach, struct err *e);

/* Open the keyring alone: to change it where nobody serves. */
MUST_CHECK bool reach_keyring(struct reach *reach, struct err *e);

/* Where nobody serves: do it from now on, control socket and all. */
MUST_CHECK bool reach_serve(struct reach *reach, struct err *e);

/* After the keyring was changed here: somebody may have begun to serve meanwhile. */
void reach_tell_change(const struct reach *reach);

void reach_close(struct reach *reach, const char *farewell);

/* --lab and --port. False with *e empty when the option is none of these. */
bool reach_set(struct reach_options *options, int option, const char *value, struct err *e);
enum { REACH_OPT_LAB = 1000, REACH_OPT_PORT };
#define REACH_OPTIONS \
    { "lab", optional_argument, NULL, REACH_OPT_LAB }, { "port", required_argument, NULL, REACH_OPT_PORT }

/* Print the error; returns the exit code. */
int reach_fail(const struct err *e);

#endif
