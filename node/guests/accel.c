#include "accel.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/boot_note.h"
#include "base/cache_dir.h"
#include "base/clock.h"
#include "base/text.h"

static bool memory_path(char *path, size_t size)
{
    return cache_dir_get("kvm", path, size, NULL) && text_append(path, size, "/does_not_work");
}

static bool recall(char why[ACCEL_WHY])
{
    char path[PATH_MAX];
    return memory_path(path, sizeof path) && boot_note_read("", path, why, ACCEL_WHY);
}

void accel_remember(const char *why)
{
    char path[PATH_MAX];
    if (memory_path(path, sizeof path))
        boot_note_write(path, why);
}

bool accel_may_try_kvm(bool runs_as_us, char why[ACCEL_WHY])
{
    if (access("/dev/kvm", F_OK) != 0) {
        text_copy(why, ACCEL_WHY, "this host has no /dev/kvm");
        return false;
    }
    if (runs_as_us && access("/dev/kvm", R_OK | W_OK) != 0) {
        text_copy(why, ACCEL_WHY, "this user may not use /dev/kvm: `sudo usermod -aG kvm USER`, then log in anew");
        return false;
    }
    return !recall(why);
}

bool accel_is_spinning(const struct accel_look *from, const struct accel_look *to)
{
    const int64_t wall = to->mono_ns - from->mono_ns, user = to->user_ns - from->user_ns,
                  sys = to->sys_ns - from->sys_ns;
    /* On a busy host it gets less than a CPU; a guest that works spends a few per cent in the kernel. */
    return wall >= clock_ms(ACCEL_SPIN_MS) && sys >= wall / 5 && user <= sys / 50;
}
