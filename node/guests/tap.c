#include "tap.h"

#include <dirent.h>
#include <string.h>

#include "base/small_file.h"
#include "base/text.h"

enum { FDINFO = 1024 };

/* The name behind "iff:" in what /proc says of a descriptor. */
static bool read_name(const char *directory, const char *fd, char name[IFNAMSIZ])
{
    char path[300] = "", text[FDINFO];
    text_append(path, sizeof path, "/%s", fd);
    const char *at = small_file_read(directory, path, text, sizeof text) ? strstr(text, "iff:") : NULL;
    if (!at)
        return false;
    at += strlen("iff:");
    at += strspn(at, " \t");
    const size_t length = strcspn(at, "\n");
    if (length == 0 || length >= IFNAMSIZ)
        return false;
    text_copy(name, length + 1, at);
    return true;
}

bool tap_of(const char *root, pid_t pid, char name[IFNAMSIZ])
{
    char path[PATH_MAX] = "";
    bool found = false;
    DIR *fds = text_append(path, sizeof path, "%s/proc/%d/fdinfo", root, pid) ? opendir(path) : NULL;
    for (const struct dirent *entry; fds && !found && (entry = readdir(fds));)
        found = entry->d_name[0] != '.' && read_name(path, entry->d_name, name);
    if (fds)
        closedir(fds);
    return found;
}

static struct tap_look look_of(const struct netdev *dev)
{
    struct tap_look look = { .sent = (int64_t)dev->tx_bytes,
                             .received = (int64_t)dev->rx_bytes,
                             .shaper = dev->shaper };
    text_copy(look.name, sizeof look.name, dev->name);
    return look;
}

static const struct netdev *device_named(const struct netdevs *devs, const char *name)
{
    for (size_t i = 0; i < devs->count; i++)
        if (strcmp(devs->list[i].name, name) == 0)
            return &devs->list[i];
    return NULL;
}

struct tap_look tap_look_at(const struct netdevs *devs, const char *name)
{
    const struct netdev *dev = device_named(devs, name);
    return dev ? look_of(dev) : (struct tap_look){ .name = "" };
}

struct tap_look tap_uplink(const struct netdevs *devs, const char *tap)
{
    const struct netdev *dev = device_named(devs, tap), *found = NULL;
    for (size_t i = 0; dev && dev->master != 0 && i < devs->count; i++) {
        const struct netdev *other = &devs->list[i];
        if (other->master != dev->master || strcmp(other->kind, "tun") == 0)
            continue;
        if (found) /* of several nobody can say which */
            return (struct tap_look){ .name = "" };
        found = other;
    }
    return found ? look_of(found) : (struct tap_look){ .name = "" };
}
