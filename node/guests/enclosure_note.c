#include "enclosure_note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/confinement.h"
#include "base/path_lock.h"
#include "base/runtime_dir.h"
#include "base/small_file.h"
#include "base/text.h"
#include "guests/interrupts.h"
#include "guests/serving.h"

enum { LINE = ENCLOSURE_CPUS + 128, NOTE_MOST = 1024 * 1024, WORLD = 160 };

static const char BEGINNING[] = "envelope-";

/* Its first line: what it says is of this boot, and of these numbers of processes. */
static bool write_world(const char *root, char *line, size_t size)
{
    char boot[64], space[64];
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    line[0] = '\0';
    if (length < 0 || !small_file_read(root, "/proc/sys/kernel/random/boot_id", boot, sizeof boot))
        return false;
    space[length] = '\0';
    return text_append(line, size, "%s %s\n", boot, space);
}

static bool add(struct enclosure_note *n, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool add(struct enclosure_note *n, struct err *e, const char *fmt, ...)
{
    char line[LINE];
    va_list args;
    va_start(args, fmt);
    const int length = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    char *more = length < (int)sizeof line ? realloc(n->text, n->length + (size_t)length + 1) : NULL;
    if (!more)
        return err_set(e, ERR_INTERNAL, "out of memory");
    n->text = more;
    memcpy(n->text + n->length, line, (size_t)length + 1);
    if (n->is_kept && pwrite(n->lock_fd, line, (size_t)length, (off_t)n->length) != length)
        return err_errno(e, errno, "cannot note in '%s' how the guest's CPUs were", n->path);
    n->length += (size_t)length;
    return true;
}

bool enclosure_note_begin(const char *root, struct enclosure_note *note, struct err *e)
{
    struct enclosure_note made = { .root = root, .lock_fd = -1 };
    char world[WORLD];
    if (!write_world(root, world, sizeof world))
        return err_set(e, ERR_INTERNAL, "/proc does not tell which boot this is");
    if (!add(&made, e, "%s", world))
        return false;
    *note = made;
    return true;
}

bool enclosure_note_keep(struct enclosure_note *n, struct err *e)
{
    char directory[PATH_MAX], name[9] = "";
    unsigned char random[4];
    if (n->is_kept)
        return true;
    if (!runtime_dir_get(directory, sizeof directory, e))
        return false;
    randombytes_buf(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        text_append(name, sizeof name, "%02x", random[i]);
    n->path[0] = '\0';
    if (!text_append(n->path, sizeof n->path, "%s/%s%s", directory, BEGINNING, name))
        return err_set(e, ERR_USAGE, "the path '%.200s...' is too long", directory);
    n->lock_fd = path_lock_try(n->path, O_RDWR | O_CREAT | O_EXCL);
    if (n->lock_fd < 0 || pwrite(n->lock_fd, n->text, n->length, 0) != (ssize_t)n->length)
        return err_errno(e, errno, "cannot note in '%s' how the guest's CPUs were", n->path);
    n->is_kept = true;
    return true;
}

bool enclosure_note_thread(struct enclosure_note *n, const char *kind, pid_t tid, int64_t started,
                           const cpu_set_t *cpus, struct err *e)
{
    char list[ENCLOSURE_CPUS];
    if (!confinement_list(cpus, list, sizeof list))
        return err_set(e, ERR_USAGE, "too many CPUs here and there to be listed");
    return add(n, e, "%s %d %" PRId64 " %s\n", kind, tid, started, list);
}

bool enclosure_note_interrupt(struct enclosure_note *n, unsigned number, const char *cpus, struct err *e)
{
    return add(n, e, "interrupt %u %s\n", number, cpus);
}

/* The list behind "KIND NUMBER STARTED " in a note; false without. */
static bool find_noted(const char *text, const char *kind, pid_t number, int64_t started, char list[ENCLOSURE_CPUS])
{
    char begins[96];
    snprintf(begins, sizeof begins, "\n%s %d %" PRId64 " ", kind, number, started);
    const char *at = strstr(text, begins);
    if (!at)
        return false;
    at += strlen(begins);
    snprintf(list, ENCLOSURE_CPUS, "%.*s", (int)strcspn(at, "\n"), at);
    return true;
}

bool enclosure_note_has_thread(const struct enclosure_note *n, pid_t tid, int64_t started)
{
    char list[ENCLOSURE_CPUS];
    return find_noted(n->text, "thread", tid, started, list);
}

/* ---- back again ---- */

struct undo {
    const char *note;
    cpu_set_t leaders; /* of who is not noted: he began later, as a child of it */
};

static bool undo_thread(pid_t tid, void *context)
{
    const struct undo *u = context;
    char name[SERVING_NAME], list[ENCLOSURE_CPUS];
    int64_t started;
    cpu_set_t cpus = u->leaders;
    if (!serving_who(tid, name, &started))
        return true;
    if (find_noted(u->note, "thread", tid, started, list) && !confinement_set(list, &cpus))
        return true;
    (void)sched_setaffinity(tid, sizeof cpus, &cpus); /* it may be gone; nothing else can be done for it */
    return true;
}

static void undo_process(const char *text)
{
    struct undo u = { .note = text };
    char name[SERVING_NAME], list[ENCLOSURE_CPUS];
    int64_t started;
    const char *at = strstr(text, "\nprocess ");
    const pid_t pid = at ? (pid_t)strtol(at + strlen("\nprocess "), NULL, 10) : 0;
    if (pid > 0 && serving_who(pid, name, &started) && find_noted(text, "process", pid, started, list) &&
        confinement_set(list, &u.leaders))
        (void)serving_each(pid, undo_thread, &u);
}

static void undo(const char *root, const char *text)
{
    static const char KIND[] = "\ninterrupt ";
    undo_process(text);
    for (const char *at = text; (at = strstr(at, KIND)); at++) {
        char *list, line[LINE];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n") - (int)strlen(KIND) + 1, at + strlen(KIND));
        const unsigned number = (unsigned)strtoul(line, &list, 10);
        if (*list == ' ')
            (void)!interrupts_set(root, number, list + 1, NULL); /* the card may be gone */
    }
}

void enclosure_note_undo_process(const struct enclosure_note *n) { undo_process(n->text); }

void enclosure_note_close(struct enclosure_note *n)
{
    if (n->text) {
        undo(n->root, n->text);
        free(n->text);
        if (n->lock_fd >= 0) {
            (void)unlink(n->path);
            close(n->lock_fd);
        }
    }
    *n = (struct enclosure_note){ .lock_fd = -1 };
}

/* A note whose agent is gone. That of other numbers of processes, a lab's, is none of ours. */
static void tidy(const char *root, const char *path)
{
    char world[WORLD];
    char *text = calloc(1, NOTE_MOST);
    const int fd = path_lock_try(path, O_RDWR);
    const ssize_t got = fd >= 0 && text ? pread(fd, text, NOTE_MOST - 1, 0) : -1;
    if (got >= 0 && write_world(root, world, sizeof world)) {
        const bool is_ours = strncmp(text, world, strlen(world)) == 0;
        const bool is_of_this_boot = strncmp(text, world, strcspn(world, " ")) == 0;
        if (is_ours)
            undo(root, text);
        if (is_ours || !is_of_this_boot)
            (void)unlink(path);
    }
    if (fd >= 0)
        close(fd);
    free(text);
}

void enclosure_note_tidy(const char *root)
{
    char directory[PATH_MAX], path[PATH_MAX + 300];
    DIR *dir = runtime_dir_get(directory, sizeof directory, NULL) ? opendir(directory) : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        path[0] = '\0';
        if (strncmp(entry->d_name, BEGINNING, strlen(BEGINNING)) == 0 &&
            text_append(path, sizeof path, "%s/%s", directory, entry->d_name))
            tidy(root, path);
    }
    if (dir)
        closedir(dir);
}
