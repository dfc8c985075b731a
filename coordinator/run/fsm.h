/* fsm.h - the life of one trial, as a table.
 *
 *   CALIBRATE -> SERVE -> PREPARE -> ARM -> RUN -> SETTLE -> DONE
 *        \________\_________\________\______\________\____-> FAILED
 *
 * SERVE is left at once by a trial without a peer; else the peers must say where they listen before
 * the nodes under test can be told to connect.
 *
 * Pure: no socket, no clock, no memory. The conductor turns what it sees into events, asks
 * for the rule, performs its action, and stands in the next state. The table is total: a
 * pair that it does not name aborts the trial, so a surprising message can never be ignored.
 */
#ifndef TARE_FSM_H
#define TARE_FSM_H

#define TRIAL_STATES(X) X(CALIBRATE) X(SERVE) X(PREPARE) X(ARM) X(RUN) X(SETTLE) X(DONE) X(FAILED)
#define TRIAL_EVENTS(X) \
    X(CLOCKS_BOUNDED)   \
    X(ALL_SERVING) X(ALL_READY) X(ALL_ARMED) X(ALL_FINISHED) X(NODE_LOST) X(NODE_FAILED) X(DEADLINE) X(STOP)
#define TRIAL_ACTIONS(X) \
    X(SEND_SERVE) X(SEND_PREPARE) X(SEND_ARM) X(WATCH_SAMPLES) X(PROBE_AGAIN) X(ARCHIVE) X(CANCEL_AND_ARCHIVE) X(IGNORE)

#define TRIAL_STATE_ENUM(name) TRIAL_##name,
#define TRIAL_EVENT_ENUM(name) ON_##name,
#define TRIAL_ACTION_ENUM(name) DO_##name,
enum trial_state { TRIAL_STATES(TRIAL_STATE_ENUM) TRIAL_STATE_COUNT };
enum trial_event { TRIAL_EVENTS(TRIAL_EVENT_ENUM) TRIAL_EVENT_COUNT };
enum trial_action { TRIAL_ACTIONS(TRIAL_ACTION_ENUM) TRIAL_ACTION_COUNT };

struct trial_rule {
    enum trial_state in;
    enum trial_event on;
    enum trial_action act;
    enum trial_state next;
};

/* The rule for `on` in `in`; never NULL. Unknown pairs: DO_CANCEL_AND_ARCHIVE -> TRIAL_FAILED. */
const struct trial_rule *trial_rule_for(enum trial_state in, enum trial_event on);

const char *trial_state_name(enum trial_state state);

#endif
