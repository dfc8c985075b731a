#include "fsm.h"

#include <stddef.h>

static const struct trial_rule RULES[] = {
    /* in               on                  act               next           */
    { TRIAL_CALIBRATE, ON_CLOCKS_BOUNDED, DO_SEND_SERVE, TRIAL_SERVE },
    { TRIAL_SERVE, ON_ALL_SERVING, DO_SEND_PREPARE, TRIAL_PREPARE },
    { TRIAL_PREPARE, ON_ALL_READY, DO_SEND_ARM, TRIAL_ARM },
    { TRIAL_ARM, ON_ALL_ARMED, DO_WATCH_SAMPLES, TRIAL_RUN },
    { TRIAL_RUN, ON_ALL_FINISHED, DO_PROBE_AGAIN, TRIAL_SETTLE },
    { TRIAL_SETTLE, ON_CLOCKS_BOUNDED, DO_ARCHIVE, TRIAL_DONE },
    /* A trial without closing probes still counts; its start is then 'unproven'. */
    { TRIAL_SETTLE, ON_DEADLINE, DO_ARCHIVE, TRIAL_DONE },
    { TRIAL_SETTLE, ON_NODE_LOST, DO_ARCHIVE, TRIAL_DONE },
};

static const struct trial_rule ABORT = { .act = DO_CANCEL_AND_ARCHIVE, .next = TRIAL_FAILED };
static const struct trial_rule LATE[] = { { .act = DO_IGNORE, .next = TRIAL_DONE },
                                          { .act = DO_IGNORE, .next = TRIAL_FAILED } };

const struct trial_rule *trial_rule_for(enum trial_state in, enum trial_event on)
{
    if (in == TRIAL_DONE)
        return &LATE[0];
    if (in == TRIAL_FAILED)
        return &LATE[1];
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++)
        if (RULES[i].in == in && RULES[i].on == on)
            return &RULES[i];
    return &ABORT;
}

const char *trial_state_name(enum trial_state state)
{
#define NAME(name) [TRIAL_##name] = #name,
    static const char *const NAMES[TRIAL_STATE_COUNT] = { TRIAL_STATES(NAME) };
#undef NAME
    return (unsigned)state < TRIAL_STATE_COUNT ? NAMES[state] : "?";
}
