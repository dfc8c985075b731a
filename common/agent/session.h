/* session.h - the agent's life: dial, HELLO, trials, and again. With a token it first gets itself a
 * key of its own (enrol.h).
 *
 *   DIALLING -- handshake --> GREETING -- WELCOME --> JOINED -- silence or BYE --> GREETING
 *       ^---- 5 s ---- REFUSED <-- wrong key, other version, name in use --/
 *
 * It ends only with SIGINT, SIGTERM or SIGHUP. Whatever the coordinator does, no trial's work goes on for
 * more than 5 s without it.
 */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include "agent/agent_main.h"
#include "agent/enrol.h"
#include "agent/test_point.h"
#include "base/err.h"
#include "stamp/stamp_kind.h"
#include "wire/keys.h"

struct session_options {
    const struct agent *agent;
    struct invite invite;
    struct enrol_place place; /* for what a token's enrolment keeps */
    struct test_points test_points;
    const char *test_protocol;  /* test builds: the "MAJOR.MINOR" to claim; else NULL */
    const char *test_catalogue; /* test builds: what to claim in the place of the catalogue; else NULL */
    enum stamp_kind stamps;     /* the best that clock probes may have; 0: no limit */
};

/* Serve until a signal asks for the end (true), or the machine refuses something needed. */
MUST_CHECK bool session_run(const struct session_options *options, struct err *e);

#endif
