/* enclosure_note.h - how the threads of a guest and the interrupts of a card were before they were kept to some CPUs,
 * and having it so again: by the agent itself, or where that was killed by the next one.
 *
 * The first line says of which boot, and of which numbers of processes (a lab has its own) the others are:
 *
 *     BOOT_ID pid:[NAMESPACE]
 *     process PID STARTED CPUS       the guest's; whoever of it is not noted gets these
 *     thread TID STARTED CPUS
 *     interrupt NUMBER CPUS
 */
#ifndef TARE_ENCLOSURE_NOTE_H
#define TARE_ENCLOSURE_NOTE_H

#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { ENCLOSURE_CPUS = 1024 /* room for a list of any */ };

struct enclosure_note {
    const char *root; /* of interrupts.h */
    char *text;       /* owned; NULL: nothing is noted */
    size_t length;
    bool is_kept; /* in a file, too */
    int lock_fd;  /* of that; -1: none */
    char path[PATH_MAX];
};

/* Begin an empty one. */
MUST_CHECK bool enclosure_note_begin(const char *root, struct enclosure_note *note, struct err *e);

/* Have it in a file of the user's runtime directory, from now on. Once is enough. */
MUST_CHECK bool enclosure_note_keep(struct enclosure_note *note, struct err *e);

/* Before one is changed: a thread, `kind` "process" or "thread", or an interrupt, which may come to `cpus`. */
MUST_CHECK bool enclosure_note_thread(struct enclosure_note *note, const char *kind, pid_t tid, int64_t started,
                                      const cpu_set_t *cpus, struct err *e);
MUST_CHECK bool enclosure_note_interrupt(struct enclosure_note *note, unsigned number, const char *cpus, struct err *e);

bool enclosure_note_has_thread(const struct enclosure_note *note, pid_t tid, int64_t started);

/* The process and its threads as they were; the note stays. */
void enclosure_note_undo_process(const struct enclosure_note *note);

/* Everything as it was; the note is gone. None is fine. */
void enclosure_note_close(struct enclosure_note *note);

/* The same of the notes that agents which were killed have left. */
void enclosure_note_tidy(const char *root);

#endif
