#include "boot_note.h"

#include <stdio.h>
#include <string.h>

#include "small_file.h"
#include "text.h"

/* The file says "BOOT_ID NOTE". */
static const char BOOT_ID[] = "/proc/sys/kernel/random/boot_id";

bool boot_note_read(const char *root, const char *path, char *note, size_t size)
{
    char text[512], boot[64];
    if (!small_file_read("", path, text, sizeof text) || !small_file_read(root, BOOT_ID, boot, sizeof boot))
        return false;
    size_t length = strlen(boot);
    if (strncmp(text, boot, length) != 0 || text[length] != ' ')
        return false;
    text_copy(note, size, text + length + 1);
    text_disarm(note);
    return true;
}

void boot_note_write(const char *path, const char *note)
{
    char boot[64];
    FILE *to = small_file_read("", BOOT_ID, boot, sizeof boot) ? fopen(path, "we") : NULL;
    if (!to)
        return;
    fprintf(to, "%s %s\n", boot, note);
    fclose(to);
}
