/* place.h - where a coordinator's control socket is. */
#ifndef TARE_CONTROL_PLACE_H
#define TARE_CONTROL_PLACE_H

#include <sys/un.h>

#include "base/err.h"

struct control_place {
    char dir[512]; /* 0700, the user's own */
    char name[32];
};

/* "control" in the user's runtime directory (made where it is not there), "control-PORT" for another
 * port than the usual; or "control" in a lab's own directory. */
MUST_CHECK bool control_place(const char *lab_dir, unsigned port, struct control_place *place, struct err *e);

/* An address that reaches the socket however long its path is: by way of the open directory *dir_fd,
 * which the caller closes after bind or connect. */
MUST_CHECK bool control_address(const struct control_place *place, struct sockaddr_un *address, int *dir_fd,
                                struct err *e);

#endif
