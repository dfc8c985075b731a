#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/path_lock.h"
#include "base/text.h"

enum { SLOTS = 64 };

static bool name_slot(const char *directory, int slot, struct scratch *s)
{
    *s = (struct scratch){ .lock_fd = -1 };
    return text_append(s->path, sizeof s->path, "%s/tare-compile-%u-%d", directory, geteuid(), slot) &&
           text_append(s->kept, sizeof s->kept, "%s-failed", s->path);
}

/* False where it is another's, or not there. */
static bool lock(struct scratch *s) { return (s->lock_fd = path_lock_try(s->path, O_RDONLY | O_DIRECTORY)) >= 0; }

void scratch_give_back(struct scratch *s)
{
    if (s->lock_fd < 0)
        return;
    (void)!directory_remove_all(s->path, NULL); /* else the next one does */
    close(s->lock_fd);
    s->lock_fd = -1;
}

void scratch_tidy(const char *directory)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        struct scratch s;
        if (name_slot(directory, slot, &s) && lock(&s))
            scratch_give_back(&s);
    }
}

bool scratch_take(const char *directory, struct scratch *scratch, struct err *e)
{
    struct stat st;
    if (stat(directory, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, "directory %.200s: there is none on this node", directory);
    scratch_tidy(directory);
    for (int slot = 0; slot < SLOTS; slot++) {
        struct scratch s;
        if (!name_slot(directory, slot, &s))
            return err_set(e, ERR_USAGE, "directory %.200s...: the path is too long", directory);
        if (mkdir(s.path, 0755) != 0) {
            if (errno == EEXIST)
                continue;
            return err_errno(e, errno, "directory %.200s: cannot build there", directory);
        }
        if (!lock(&s))
            continue;
        *scratch = s;
        return true;
    }
    return err_set(e, ERR_PARTIAL, "directory %.200s: %d builds are at work there already", directory, SLOTS);
}

bool scratch_keep(const struct scratch *s, const char *name, struct err *e)
{
    char from[PATH_MAX];
    snprintf(from, sizeof from, "%s/%s", s->path, name);
    return directory_remove_all(s->kept, e) &&
           (rename(from, s->kept) == 0 || err_errno(e, errno, "cannot keep '%s'", from));
}
