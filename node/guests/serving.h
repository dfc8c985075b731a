/* serving.h - the threads of a host that are a guest: all of its process and of what that has started, and the kernel's
 * own that work for it alone ("vhost-PID" before Linux 6.4, "kvm-pit/PID"). Pure reading of /proc. */
#ifndef TARE_SERVING_H
#define TARE_SERVING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Call `visit` with each, until it returns false; then, and where the process is gone, false. What starts meanwhile may
 * be missed. */
bool serving_each(pid_t pid, bool (*visit)(pid_t tid, void *context), void *context);

/* What a thread is called, and when it was started, in ticks since the machine's: with its number no other has that.
 * False where it is gone. */
enum { SERVING_NAME = 64 };
bool serving_who(pid_t tid, char name[SERVING_NAME], int64_t *started);

#endif
