#include "interrupts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "base/small_file.h"
#include "base/text.h"

void interrupts_bus(const char *name, char bus[INTERRUPTS_BUS])
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
    struct ifreq request = { .ifr_data = (char *)&info };
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bus[0] = '\0';
    if (fd >= 0 && text_copy(request.ifr_name, sizeof request.ifr_name, name) &&
        ioctl(fd, SIOCETHTOOL, &request) == 0) {
        info.bus_info[sizeof info.bus_info - 1] = '\0';
        if (strchr(info.bus_info, ':') && !strchr(info.bus_info, '/')) /* a tap says "tap" */
            text_copy(bus, INTERRUPTS_BUS, info.bus_info);
    }
    if (fd >= 0)
        close(fd);
}

size_t interrupts_of(const char *root, const char *bus, unsigned *numbers)
{
    char path[PATH_MAX] = "", text[32];
    size_t count = 0;
    if (!*bus || !text_append(path, sizeof path, "%s/sys/bus/pci/devices/%s/msi_irqs", root, bus))
        return 0;
    DIR *all = opendir(path);
    for (const struct dirent *entry; all && count < INTERRUPTS_MAX && (entry = readdir(all));)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            numbers[count++] = (unsigned)strtoul(entry->d_name, NULL, 10);
    if (all)
        closedir(all);
    path[0] = '\0';
    if (count == 0 && text_append(path, sizeof path, "/sys/bus/pci/devices/%s/irq", bus) &&
        small_file_read(root, path, text, sizeof text) && strtoul(text, NULL, 10) > 0)
        numbers[count++] = (unsigned)strtoul(text, NULL, 10);
    return count;
}

bool interrupts_get(const char *root, unsigned number, char *cpus, size_t size)
{
    char path[64] = "";
    return text_append(path, sizeof path, "/proc/irq/%u/smp_affinity_list", number) &&
           small_file_read(root, path, cpus, size);
}

bool interrupts_set(const char *root, unsigned number, const char *cpus, struct err *e)
{
    char path[PATH_MAX] = "";
    if (!text_append(path, sizeof path, "%s/proc/irq/%u/smp_affinity_list", root, number))
        return err_set(e, ERR_USAGE, "a path too long");
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
    const size_t length = strlen(cpus);
    const bool ok = fd >= 0 && write(fd, cpus, length) == (ssize_t)length;
    const int why = errno;
    if (fd >= 0)
        close(fd);
    return ok || err_errno(e, why, "interrupt %u", number);
}
