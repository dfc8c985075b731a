#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

static const char DEVICE[] = "/dev/net/tun";

/* The device `name`, made where it is not there; "tare%d": the kernel numbers it. -1: failed. */
static int open_tap(struct ifreq *request)
{
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    request->ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (fd >= 0 && ioctl(fd, TUNSETIFF, request) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool plug_in(const char *bridge, const char *name, struct err *e)
{
    struct ifreq request = { .ifr_ifindex = (int)if_nametoindex(name) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    text_copy(request.ifr_name, sizeof request.ifr_name, bridge);
    bool ok = fd >= 0 && ioctl(fd, SIOCBRADDIF, &request) == 0;
    text_copy(request.ifr_name, sizeof request.ifr_name, name);
    ok = ok && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    ok = ok && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (!ok)
        err_errno(e, errno, "the guest's network port cannot be plugged into '%s'", bridge);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool tap_make(const char *bridge, char name[IFNAMSIZ], struct err *e)
{
    struct ifreq request = { .ifr_name = "tare%d" };
    int fd = open_tap(&request);
    if (fd < 0) {
        bool is_closed = errno == EACCES || errno == EPERM;
        err_errno(e, errno, "the guest's network port cannot be made: %s (%s)", DEVICE,
                  is_closed ? "`chmod 666 /dev/net/tun` as root, as Debian has it, or run tare as root"
                            : "`modprobe tun` as root");
        if (e)
            e->exit = ERR_USAGE;
        return false;
    }
    bool ok = ioctl(fd, TUNSETPERSIST, 1) == 0 || err_errno(e, errno, "the guest's network port cannot stay");
    ok = ok && plug_in(bridge, request.ifr_name, e);
    if (!ok)
        (void)ioctl(fd, TUNSETPERSIST, 0);
    close(fd);
    if (ok)
        text_copy(name, IFNAMSIZ, request.ifr_name);
    return ok;
}

void tap_remove(const char *name)
{
    struct ifreq request = { .ifr_flags = 0 };
    if (if_nametoindex(name) == 0)
        return;
    text_copy(request.ifr_name, sizeof request.ifr_name, name);
    int fd = open_tap(&request);
    if (fd < 0)
        return; /* busy: it ends with its network namespace */
    (void)ioctl(fd, TUNSETPERSIST, 0);
    close(fd);
}
