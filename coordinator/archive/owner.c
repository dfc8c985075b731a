#include "owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"

/* The beginning of a small file, "" when it cannot be read. */
static bool read_small(const char *path, char *out, size_t size)
{
    *out = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t got = fread(out, 1, size - 1, file);
    out[got] = '\0';
    fclose(file);
    return got > 0;
}

static bool read_boot_id(char *out, size_t size)
{
    bool ok = read_small("/proc/sys/kernel/random/boot_id", out, size);
    out[strcspn(out, "\n")] = '\0';
    return ok;
}

/* State (field 3) and start (field 22) of a process; false when it is not there. */
static bool read_process(int64_t pid, char *state, int64_t *started)
{
    enum { FIELD_STATE = 3, FIELD_STARTED = 22 };
    char path[64], text[1024], *rest = NULL;
    snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
    if (!read_small(path, text, sizeof text))
        return false;
    /* The second field is the program's name in parentheses, and may hold blanks and those itself. */
    char *after_name = strrchr(text, ')');
    const char *word = after_name ? strtok_r(after_name + 1, " ", &rest) : NULL;
    if (!word)
        return false;
    *state = *word;
    for (int field = FIELD_STATE; word && field < FIELD_STARTED; field++)
        word = strtok_r(NULL, " ", &rest);
    return word && units_parse_int(word, started, NULL);
}

struct owner owner_self(void)
{
    struct owner self = { .pid = getpid() };
    char state = '?';
    if (!read_boot_id(self.boot_id, sizeof self.boot_id) || !read_process(self.pid, &state, &self.started))
        return (struct owner){ 0 };
    return self;
}

bool owner_is_gone(const struct owner *owner)
{
    struct owner self = owner_self();
    if (owner->pid == 0 || self.pid == 0)
        return false;
    char state = '?';
    int64_t started = 0;
    return strcmp(owner->boot_id, self.boot_id) != 0 || !read_process(owner->pid, &state, &started) ||
           started != owner->started || state == 'Z' || state == 'X';
}
