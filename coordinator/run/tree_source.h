/* tree_source.h - the archive of a source tree, as a scenario names it.
 *
 *   a file               an archive that tar(1) knows
 *   a directory          packed here, the same bytes each time: by name, without times, owners and version control
 *   a name without '/'   what Debian's package of that name holds, /usr/src/NAME.tar.xz, or brings with it: the newest
 *                        of /usr/src/NAME-*.tar.xz
 */
#ifndef TARE_TREE_SOURCE_H
#define TARE_TREE_SOURCE_H

#include <stddef.h>

#include "base/err.h"
#include "wire/tree.h"

struct tree_source {
    char text[256]; /* as the scenario has it */
    int fd;
    int64_t size;
    unsigned char hash[TREE_HASH];
};

/* Whether there is anything of that name; else the error says what is missing. */
MUST_CHECK bool tree_source_is_there(const char *text, struct err *e);

/* Open it and read all of it once, for its hash; some seconds for a large directory. Memory does not grow with it. */
MUST_CHECK bool tree_source_open(const char *text, struct tree_source *source, struct err *e);
void tree_source_close(struct tree_source *source);

/* At most `size` bytes from `offset` on; fails where they are no longer there. */
MUST_CHECK bool tree_source_read(const struct tree_source *source, int64_t offset, void *bytes, size_t size,
                                 struct err *e);

#endif
