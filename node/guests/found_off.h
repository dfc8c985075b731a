/* found_off.h - existing domains that tare has started, noted on disk: also where the agent that did so was killed
 * they are put back as they were found, by the next one that has the same libvirt.
 *
 * A note is a file of the user's runtime directory (runtime_dir.h), named after connection and domain, whose lock its
 * agent holds. A machine that is booted anew has no notes: /tmp or the runtime directory is empty, and the domain off.
 */
#ifndef TARE_FOUND_OFF_H
#define TARE_FOUND_OFF_H

#include <limits.h>

#include "guests/provider.h"

struct found_off {
    int lock_fd; /* -1: nothing is noted */
    char path[PATH_MAX];
};

/* Before it is started. Fails, with why, where it cannot be noted or another agent has it. */
MUST_CHECK bool found_off_note(const char *uri, const char *domain, struct found_off *note, struct err *e);

/* It is as it was found. One that is not noted is fine. */
void found_off_forget(struct found_off *note);

/* It could not be put back: left to whoever connects next. */
void found_off_leave(struct found_off *note);

/* One domain of `uri` whose agent was killed; its note, now held by the caller. False when there is no more. */
bool found_off_take(const char *uri, char domain[DOMAIN_NAME], struct found_off *note);

#endif
