/* signals.h - the signals by which a person or the system asks a program to end in order. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <signal.h>
#include <stddef.h>

static const int SIGNALS_OF_END[] = { SIGINT, SIGTERM, SIGHUP };

/* Block them, so that they can be read from a descriptor; before the first thread is started, which
 * inherits the mask. Returns the set for signalfd(2). */
static inline sigset_t signals_block(void)
{
    sigset_t ends;
    sigemptyset(&ends);
    for (size_t i = 0; i < sizeof SIGNALS_OF_END / sizeof *SIGNALS_OF_END; i++)
        sigaddset(&ends, SIGNALS_OF_END[i]);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    return ends;
}

/* From now on they end the program at once. */
static inline void signals_obey_at_once(void)
{
    for (size_t i = 0; i < sizeof SIGNALS_OF_END / sizeof *SIGNALS_OF_END; i++)
        signal(SIGNALS_OF_END[i], SIG_DFL);
    sigset_t ends = signals_block();
    sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

#endif
