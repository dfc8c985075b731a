#include "embed.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/directory.h"
#include "base/text.h"

/* The socket of a domain's monitor is this deep below the root, by the domain's number and name. */
#define DEEPEST "/lib/qemu/domain-99-tare-12345678901234/monitor.sock"

/* No daemon for its output, no labels, no cgroups, no mounts of its own: all that belongs to whoever
 * made the directory. */
static const char SETTINGS[] = "security_driver = \"none\"\n"
                               "namespaces = []\n"
                               "cgroup_controllers = []\n"
                               "stdio_handler = \"file\"\n"
                               "remember_owner = 0\n"
                               "dynamic_ownership = 0\n";
static const char ROOT_SETTINGS[] = "user = \"root\"\n"
                                    "group = \"root\"\n";

void embed_root(const char *uri, char *root, size_t size)
{
    static const char PREFIX[] = "qemu:///embed?root=";
    root[0] = '\0';
    if (strncmp(uri, PREFIX, strlen(PREFIX)) == 0)
        text_copy(root, size, uri + strlen(PREFIX));
}

static bool write_settings(const char *path, struct err *e)
{
    FILE *to = fopen(path, "we");
    if (!to)
        return err_errno(e, errno, "cannot write '%s'", path);
    fputs(SETTINGS, to);
    if (geteuid() == 0)
        fputs(ROOT_SETTINGS, to);
    return fclose(to) == 0 || err_errno(e, errno, "cannot write '%s'", path);
}

bool embed_prepare(const char *root, struct err *e)
{
    char path[PATH_MAX] = "", cache[PATH_MAX], link[PATH_MAX] = "";
    if (strlen(root) + sizeof DEEPEST > sizeof((struct sockaddr_un *)NULL)->sun_path)
        return err_set(e, ERR_USAGE, "'%s' is too long for libvirt's sockets: set XDG_RUNTIME_DIR to a shorter path",
                       root);
    if (!text_append(path, sizeof path, "%s/etc", root) || !text_append(link, sizeof link, "%s/cache", root))
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", root);
    if (!directory_make_all(path, 0700, e) || !cache_dir_get("libvirt", cache, sizeof cache, e))
        return false;
    if (symlink(cache, link) != 0 && errno != EEXIST)
        return err_errno(e, errno, "cannot make '%s'", link);
    return text_append(path, sizeof path, "/qemu.conf")
               ? write_settings(path, e)
               : err_set(e, ERR_USAGE, "%.200s...: the path is too long", root);
}
