/* loan.h - a guest that the keeper lends to a trial of this agent's own, which times it (workloads/guest_boot.c).
 *
 * Between threads: the keeper's puts in what there is to lend and how far the guest is, the session's that it has
 * joined, the trial's waits for that. All of a loan stands under one lock. Stamps are this machine's RAW.
 */
#ifndef TARE_LOAN_H
#define TARE_LOAN_H

#include <stdatomic.h>

#include "base/err.h"
#include "wire/message.h"

/* What is done to a guest, beside starting it. */
enum loan_deed { LOAN_SAVE, LOAN_RESTORE, LOAN_STOP, LOAN_DEEDS };

struct loan_deed_times {
    bool is_over;           /* be it that it could not be done */
    int64_t from_ns, to_ns; /* 0, 0 where it was not done */
    char why[160];          /* then */
};

struct loan_view {
    struct message_guest_state state; /* the last that was told of it */
    int64_t joined_ns;                /* 0: not yet */
    struct loan_deed_times deeds[LOAN_DEEDS];
};

struct loan;

struct loan *loan_new(void); /* NULL when memory is out */
void loan_destroy(struct loan **loan);

/* ---- by the keeper and the session ---- */

/* `order` starts it; or nothing can be lent, and why. What was lent before is over. */
void loan_offer(struct loan *loan, const struct message_guest_start *order);
void loan_refuse(struct loan *loan, const char *why);

/* Of a guest that is none of the loan's: nothing happens. */
void loan_tell(struct loan *loan, const struct message_guest_state *state);
void loan_tell_deed(struct loan *loan, uint32_t attempt, enum loan_deed deed, const struct loan_deed_times *times);
void loan_tell_joined(struct loan *loan, uint32_t attempt, int64_t at_ns);

/* ---- by the trial ---- */

/* Wait for what there is to lend, until a deadline or until `cancel_fd` becomes readable. The order holds keys:
 * wipe it. */
MUST_CHECK bool loan_take(struct loan *loan, int64_t within_ns, int cancel_fd, struct message_guest_start *order,
                          struct err *e);

/* Wait until `is_so`, at most so long and until *stopped. False with what the guest's host said of it when it ends
 * before. */
MUST_CHECK bool loan_await(struct loan *loan, bool (*is_so)(const struct loan_view *view), int64_t within_ns,
                           const _Atomic bool *stopped, struct loan_view *view, struct err *e);

#endif
