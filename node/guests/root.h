/* root.h - the making of the system that guests and host build in (workloads/compile/root_tree.h). */
#ifndef TARE_GUESTS_ROOT_H
#define TARE_GUESTS_ROOT_H

#include "workloads/compile/root_tree.h"

struct root_order {
    int cancel_fd;
    void (*tell)(void *context, const char *what); /* of what takes long */
    void *context;
};

/* By mmdebstrap, from where this machine's packages come, and an image of it. A minute and 300 MB the first time, then
 * nothing. */
MUST_CHECK bool root_make(const struct root_order *order, struct root_tree *root, struct err *e);

#endif
