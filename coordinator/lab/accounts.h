/* accounts.h - the user that libvirt wants to be there. */
#ifndef TARE_LAB_ACCOUNTS_H
#define TARE_LAB_ACCOUNTS_H

#include "base/err.h"

/* Root's libvirt does not start without a user and a group 'libvirt-qemu', though a lab's never takes
 * them. Where this machine has none, let the lab's processes see some: copies of /etc/passwd and
 * /etc/group in `dir`, over the real ones in this process' mount namespace, which must be its own and
 * give nothing back. */
MUST_CHECK bool lab_accounts_mount(const char *dir, struct err *e);

#endif
