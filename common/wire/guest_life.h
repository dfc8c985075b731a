/* guest_life.h - what coordinator and hosts' agents call the stages of a guest's life, and what is asked of it. */
#ifndef TARE_GUEST_LIFE_H
#define TARE_GUEST_LIFE_H

/* How far a guest is. BOOTED: its own programs run. OFF: it has ended, be it that it was asked to;
 * PAUSED: by somebody else, or as asked; SAVED: to a file; FAILED: it did not start, or could not be ended. */
#define GUEST_STATE_LIST(G)   \
    G(PREPARING, "preparing") \
    G(STARTING, "starting")   \
    G(RUNNING, "running")     \
    G(BOOTED, "booted")       \
    G(ENDING, "ending")       \
    G(OFF, "off")             \
    G(PAUSED, "paused")       \
    G(SAVED, "saved")         \
    G(FAILED, "failed")
#define GUEST_STATE_ENUM(name, word) GUEST_##name,
enum guest_state { GUEST_STATE_LIST(GUEST_STATE_ENUM) GUEST_STATES };

/* Why a guest is started: for the trials to come; for a trial of the host's own, which will start it; and so that it
 * can be saved to a file, for which its own files are kept. */
enum guest_start_purpose { GUEST_START_NOW, GUEST_START_LENT, GUEST_START_TO_SAVE };

/* Save and restore are what the host's own trials ask for. */
enum guest_hold { GUEST_HOLD_NONE, GUEST_HOLD_PAUSE, GUEST_HOLD_SAVE, GUEST_HOLD_RESTORE };

/* What of a guest's envelope is wanted (guest.h, CONFINE_ENVELOPE): which CPUs it is to be; for a trial of its host, or
 * of the guest; nothing any more. */
enum enclose_part { ENCLOSE_NOTHING, ENCLOSE_LOOK, ENCLOSE_HOST, ENCLOSE_GUEST };

#endif
