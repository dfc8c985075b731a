/* config_dir.h - where a user's keys are kept: "$XDG_CONFIG_HOME/tare", else "$HOME/.config/tare". */
#ifndef TARE_CONFIG_DIR_H
#define TARE_CONFIG_DIR_H

#include <stddef.h>

#include "err.h"

/* Its path, whether it is there or not. */
MUST_CHECK bool config_dir_path(char *path, size_t size, struct err *e);

/* Make it with all above it (0700 each) where it is not there; refuse one that others can enter. */
MUST_CHECK bool config_dir_make(const char *path, struct err *e);

#endif
