/* boot_note.h - a line in a file that holds until this machine is booted anew. */
#ifndef TARE_BOOT_NOTE_H
#define TARE_BOOT_NOTE_H

#include <stdbool.h>
#include <stddef.h>

/* The note in `path`, made printable; false where there is none, or it is of another boot. `root`, "" for this
 * machine, is where /proc is. What does not fit is left out. */
bool boot_note_read(const char *root, const char *path, char *note, size_t size);

/* Keep it. Where that fails there is none: whoever asks finds out anew. */
void boot_note_write(const char *path, const char *note);

#endif
