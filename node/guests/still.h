/* still.h - a directory as the image of a disk that nobody writes to: an ext4, made without mounting anything. */
#ifndef TARE_STILL_H
#define TARE_STILL_H

#include "base/err.h"

/* Make `image` of `directory`, whole or not at all; it is sparse. Minutes for a large tree; ends early when `cancel_fd`
 * becomes readable. */
MUST_CHECK bool still_make(const char *directory, const char *image, int cancel_fd, struct err *e);

#endif
