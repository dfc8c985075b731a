#include "file_route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/small_file.h"
#include "base/text.h"

/* The next word of `*at`, which goes on behind it. "" at the end. */
static void word(const char **at, char *out, size_t size)
{
    *at += strspn(*at, " \n");
    size_t length = strcspn(*at, " \n");
    out[0] = '\0';
    text_append(out, size, "%.*s", (int)length, *at);
    *at += length;
}

/* "36 35 254:1 / /mnt rw,noatime shared:1 - ext4 /dev/vda1 rw,errors=continue": id, parent, device, root, mount
 * point, options, optional fields, a dash, type, source, options of the file system. */
bool file_route_read_mount(const char *line, unsigned long long id, struct file_route *route, char *device_number,
                           size_t size)
{
    char skipped[256], found[32], source[256];
    const char *at = line, *dash = strstr(line, " - ");
    word(&at, found, sizeof found);
    char *end;
    if (!dash || strtoull(found, &end, 10) != id || *end)
        return false;
    word(&at, skipped, sizeof skipped);
    word(&at, device_number, size);
    word(&at, skipped, sizeof skipped);
    word(&at, skipped, sizeof skipped);
    word(&at, route->options, sizeof route->options);
    at = dash + 3;
    word(&at, route->fs, sizeof route->fs);
    word(&at, source, sizeof source);
    text_copy(route->device, sizeof route->device, source);
    text_disarm(route->fs);
    text_disarm(route->options);
    text_disarm(route->device);
    return true;
}

void file_route_read_device(const char *path, struct file_route *route)
{
    /* The nearest to the device counts: a usb stick is a scsi disk too. */
    static const struct {
        const char *part, *bus;
    } BUSES[] = { { "/virtio", "virtio" }, { "/nvme", "nvme" }, { "/usb", "usb" },          { "/ata", "ata" },
                  { "/mmc", "mmc" },       { "/vbd", "xen" },   { "/virtual/", "virtual" }, { "/host", "scsi" } };
    const char *name = strrchr(path, '/');
    text_copy(route->device, sizeof route->device, name ? name + 1 : path);
    for (size_t i = 0; i < ARRAY_SIZE(BUSES) && !*route->bus; i++)
        if (strstr(path, BUSES[i].part))
            text_copy(route->bus, sizeof route->bus, BUSES[i].bus);
}

static void look_at_device(const char *number, struct file_route *route)
{
    char link[128] = "", path[512], file[600] = "";
    text_append(link, sizeof link, "/sys/dev/block/%s", number);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    file_route_read_device(path, route);
    /* A partition has no queue; its disk, the directory above it, has. */
    text_append(file, sizeof file, "%s/queue/write_cache", link);
    if (small_file_read("", file, route->cache, sizeof route->cache))
        return;
    file[0] = '\0';
    text_append(file, sizeof file, "%s/../queue/write_cache", link);
    if (!small_file_read("", file, route->cache, sizeof route->cache))
        route->cache[0] = '\0';
}

/* As CPUs tell it; where they do not, the bus of a device does. */
static bool is_guest(void)
{
    char text[8192], *flags;
    if (!small_file_read("", "/proc/cpuinfo", text, sizeof text) || !(flags = strstr(text, "\nflags")))
        return false;
    flags[1 + strcspn(flags + 1, "\n")] = '\0';
    return strstr(flags, " hypervisor") != NULL;
}

bool file_route_of(int fd, struct file_route *route, struct err *e)
{
    struct statx st;
    struct file_route found = { 0 };
    char line[1024], number[32] = "";
    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) != 0)
        return err_errno(e, errno, "asking where a file is");
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    bool is_found = false;
    while (mounts && !is_found && fgets(line, sizeof line, mounts))
        is_found = file_route_read_mount(line, st.stx_mnt_id, &found, number, sizeof number);
    if (mounts)
        fclose(mounts);
    if (is_found)
        look_at_device(number, &found);
    found.is_virtual = is_guest();
    *route = found;
    return true;
}

const char *file_route_text(const struct file_route *r, char *out, size_t size)
{
    out[0] = '\0';
    text_append(out, size, "%s", *r->fs ? r->fs : "a file system that is not known");
    if (*r->options)
        text_append(out, size, " (%s)", r->options);
    if (*r->device)
        text_append(out, size, " on %s", r->device);
    const char *const words[] = { r->bus, r->cache, r->is_virtual ? "virtual" : "" };
    int count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (*words[i])
            text_append(out, size, "%s%s", count++ ? ", " : " (", words[i]);
    if (count > 0)
        text_append(out, size, ")");
    return out;
}
