/* tap.h - a guest's network port, made by this agent where libvirt has no right to make one.
 *
 * As an ordinary user libvirt leaves that to QEMU's bridge helper, which wants a setting of root's. In a network
 * namespace of the user's own, as a lab is, the agent has the right itself.
 */
#ifndef TARE_LIBVIRT_TAP_H
#define TARE_LIBVIRT_TAP_H

#include <net/if.h>

#include "base/err.h"

/* A new one on `bridge`, up, into `name`: it stays until tap_remove, or until its network namespace ends. */
MUST_CHECK bool tap_make(const char *bridge, char name[IFNAMSIZ], struct err *e);

/* Once QEMU has let go of it. One that is gone is fine. */
void tap_remove(const char *name);

#endif
