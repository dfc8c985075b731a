#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/runtime_dir.h"
#include "base/text.h"
#include "wire/channel.h"

bool control_place(const char *lab_dir, unsigned port, struct control_place *place, struct err *e)
{
    struct control_place found = { .name = "control" };
    if (lab_dir ? !text_copy(found.dir, sizeof found.dir, lab_dir) && !err_set(e, ERR_USAGE, "the path is too long")
                : !runtime_dir_get(found.dir, sizeof found.dir, e))
        return false;
    if (!lab_dir && port != CHANNEL_PORT)
        snprintf(found.name, sizeof found.name, "control-%u", port);
    *place = found;
    return true;
}

bool control_address(const struct control_place *place, struct sockaddr_un *address, int *dir_fd, struct err *e)
{
    int fd = open(place->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "'%s'", place->dir);
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", fd, place->name);
    *dir_fd = fd;
    return true;
}
