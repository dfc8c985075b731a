/* file_route.h - what the bytes of a file go through on this machine: its file system, how that is mounted,
 * its device and the bus that it hangs from. */
#ifndef TARE_FILE_ROUTE_H
#define TARE_FILE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct file_route {
    char fs[32], options[128]; /* "ext4", "rw,relatime" */
    char device[64];           /* "vda"; where there is no block device its source: "tmpfs", "share" */
    char bus[16];              /* "virtio", "nvme", "ata", "usb", "scsi"; "" where it is not known */
    char cache[24];            /* of the device: "write back", "write through"; "" where it is not known */
    bool is_virtual;           /* the machine is a guest itself: what is below its device it cannot see */
};

/* Of the file or directory `fd`; what the machine does not tell stays empty. */
MUST_CHECK bool file_route_of(int fd, struct file_route *route, struct err *e);

/* From a line of /proc/self/mountinfo (proc(5)); false when it is none of the mount `id`. For tests. */
bool file_route_read_mount(const char *line, unsigned long long id, struct file_route *route, char *device_number,
                           size_t size);

/* From the path that a link in /sys/dev/block leads to: the device's name, and its bus. For tests. */
void file_route_read_device(const char *path, struct file_route *route);

/* "ext4 (rw,relatime) on vda (virtio, write back, virtual)" */
const char *file_route_text(const struct file_route *route, char *out, size_t size);

#endif
