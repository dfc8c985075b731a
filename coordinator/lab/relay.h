/* relay.h - stand for another process: pass signals on to it, and end as it ended. */
#ifndef TARE_LAB_RELAY_H
#define TARE_LAB_RELAY_H

#include <sys/types.h>

/* Block every signal, before the child is forked, so that none is lost. */
void relay_prepare(void);

/* Wait for `child`, passing on what is sent to this process; its wait status. Signals from the
 * terminal are not passed on: they reached the child, too. */
int relay_wait(pid_t child);

/* End this process as `status` says the child ended. */
_Noreturn void relay_end(int status);

/* Give a new process the signals of a fresh one: nothing blocked, nothing ignored. */
void relay_reset_signals(void);

#endif
