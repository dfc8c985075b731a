/* trial.h - one trial on this machine: its parts, their threads, and what they have to say.
 *
 * All functions are for the session's thread; the trial's own threads speak through the outbox,
 * whose descriptor becomes readable when a message is there.
 */
#ifndef TARE_AGENT_TRIAL_H
#define TARE_AGENT_TRIAL_H

#include "agent/agent_service.h"
#include "agent/part.h"

enum { TRIAL_PARTS_MAX = 64 };

struct trial;

/* `workloads` is the program's list, NULL-ended; `service` says what is granted, NULL for nothing; both borrowed. */
MUST_CHECK bool trial_new(uint32_t number, const struct workload *const *workloads, const struct agent_service *service,
                          struct trial **trial, struct err *e);

/* Stops and joins everything first; bounded by the workloads' abort. */
void trial_destroy(struct trial **trial);

uint32_t trial_number(const struct trial *trial);

/* Begin to prepare a part on a thread of its own; READY or FAILED will come. */
MUST_CHECK bool trial_prepare(struct trial *trial, const struct message_prepare *order, struct err *e);

/* Everything that was prepared begins at the instant; the caller answers ARMED. */
MUST_CHECK bool trial_arm(struct trial *trial, const struct message_arm *order, struct err *e);

/* Drop it: every thread ends soon. */
void trial_cancel(struct trial *trial);

/* Readable when trial_next has something. */
int trial_fd(const struct trial *trial);

/* The next message that the trial's threads have to say; false when there is none. */
bool trial_next(struct trial *trial, struct message *m);

/* True from ARM until DONE or FAILED. */
bool trial_is_running(const struct trial *trial);

#endif
