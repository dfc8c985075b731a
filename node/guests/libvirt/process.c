#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { ARGUMENTS_MAX = 4096 }; /* libvirt writes -name first */

static bool has_name(const char *arguments, size_t size, const char *domain)
{
    static const char FLAG[] = "-name", GUEST[] = "guest=";
    bool is_next = false;
    for (const char *at = arguments; at < arguments + size; at += strnlen(at, (size_t)(arguments + size - at)) + 1) {
        if (is_next) {
            size_t length = strlen(domain);
            return strncmp(at, GUEST, strlen(GUEST)) == 0 && strncmp(at + strlen(GUEST), domain, length) == 0 &&
                   (at[strlen(GUEST) + length] == ',' || at[strlen(GUEST) + length] == '\0');
        }
        is_next = strcmp(at, FLAG) == 0;
    }
    return false;
}

static bool is_of(const char *pid, const char *domain)
{
    char path[64] = "", arguments[ARGUMENTS_MAX + 1];
    if (!text_append(path, sizeof path, "/proc/%s/cmdline", pid))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, arguments, ARGUMENTS_MAX);
    close(fd);
    if (got <= 0)
        return false;
    arguments[got] = '\0';
    return strstr(arguments, "qemu") && has_name(arguments, (size_t)got, domain);
}

pid_t process_of_domain(const char *domain)
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    for (const struct dirent *entry; proc && found == 0 && (entry = readdir(proc));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_of(entry->d_name, domain))
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    if (proc)
        closedir(proc);
    return found;
}
