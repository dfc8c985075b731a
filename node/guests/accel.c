#include "accel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/clock.h"
#include "base/small_file.h"
#include "base/text.h"

static const char BOOT_ID[] = "/proc/sys/kernel/random/boot_id";

static bool memory_path(char *path, size_t size)
{
    return cache_dir_get("kvm", path, size, NULL) && text_append(path, size, "/does_not_work");
}

/* The file says "BOOT_ID WHY". */
static bool recall(char why[ACCEL_WHY])
{
    char path[PATH_MAX], text[ACCEL_WHY + 64], boot[64];
    if (!memory_path(path, sizeof path) || !small_file_read("", path, text, sizeof text) ||
        !small_file_read("", BOOT_ID, boot, sizeof boot))
        return false;
    size_t length = strlen(boot);
    if (strncmp(text, boot, length) != 0 || text[length] != ' ')
        return false;
    text_copy(why, ACCEL_WHY, text + length + 1);
    text_disarm(why);
    return true;
}

void accel_remember(const char *why)
{
    char path[PATH_MAX], boot[64];
    FILE *to =
        memory_path(path, sizeof path) && small_file_read("", BOOT_ID, boot, sizeof boot) ? fopen(path, "we") : NULL;
    if (!to)
        return;
    fprintf(to, "%s %s\n", boot, why);
    fclose(to);
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
