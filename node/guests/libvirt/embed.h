/* embed.h - libvirt without a daemon: qemu:///embed?root=DIR, whose settings are our own. */
#ifndef TARE_EMBED_H
#define TARE_EMBED_H

#include <stddef.h>

#include "base/err.h"

/* The DIR of such a URI into `root`; "" where it is another. */
void embed_root(const char *uri, char *root, size_t size);

/* Make the directory with its settings. What QEMU can do is looked up once for all such directories of
 * this user: 2 to 5 s. */
MUST_CHECK bool embed_prepare(const char *root, struct err *e);

#endif
