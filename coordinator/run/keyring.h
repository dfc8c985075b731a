/* keyring.h - who may speak: the coordinator's own key pair and the table of its nodes' keys.
 *
 * One SQLite file `keys.db` (0600) in a directory of mode 0700: the user's own
 * ($XDG_CONFIG_HOME/tare), or a lab's. A key is never used again; inviting a name anew gives it a
 * new key and ends the old one's right.
 */
#ifndef TARE_KEYRING_H
#define TARE_KEYRING_H

#include <stddef.h>

#include "base/err.h"
#include "wire/keys.h"

struct keyring;

/* "$XDG_CONFIG_HOME/tare", else "$HOME/.config/tare", into `path`. */
MUST_CHECK bool keyring_default_dir(char *path, size_t size, struct err *e);

/* Open the keyring in `dir`; makes the directory, the file and the coordinator's key pair where
 * they are not there yet. */
MUST_CHECK bool keyring_open(const char *dir, struct keyring **keyring, struct err *e);
void keyring_close(struct keyring **keyring);

const struct keypair *keyring_own(const struct keyring *keyring);

/* Make a key pair for the node `name`, record its public key, and fill the invite. */
MUST_CHECK bool keyring_invite(struct keyring *keyring, const char *name, const char *endpoint, struct invite *invite,
                               struct err *e);

/* The name whose valid key this is (Z85), or NULL. Borrowed until the keyring changes. */
const char *keyring_name_of(const struct keyring *keyring, const char *public_key);

/* Whether `name` has a valid key. */
bool keyring_knows(const struct keyring *keyring, const char *name);

#endif
