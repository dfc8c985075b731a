/* module.h - the shared object that a provider lives in, so that only a host's agent carries what it
 * is linked with. */
#ifndef TARE_MODULE_H
#define TARE_MODULE_H

#include "guests/provider.h"

/* Load "guests-NAME.so" from where this program stands, or "../lib/tare" beside that. It stays for the
 * rest of the process. The provider is borrowed for ever. */
MUST_CHECK bool module_load(const char *name, const struct provider **provider, struct err *e);

#endif
