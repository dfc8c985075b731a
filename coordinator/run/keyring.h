/* keyring.h - who may speak: the coordinator's own key pair and the table of its nodes' keys.
 *
 * One SQLite file `keys.db` (0600) in a directory of mode 0700: the user's own
 * ($XDG_CONFIG_HOME/tare), or a lab's. A key is never used again; inviting a name anew gives it a
 * new key and ends the old one's right.
 *
 * The valid keys are in memory, since each message asks for one: what another process changes is
 * seen only after keyring_reload. A running coordinator is changed through its control socket.
 */
#ifndef TARE_KEYRING_H
#define TARE_KEYRING_H

#include <stddef.h>
#include <stdint.h>

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

/* Take in what other processes have changed. */
MUST_CHECK bool keyring_reload(struct keyring *keyring, struct err *e);

/* ---- asking ---- */

/* What a key may do: be a node, or the one thing that a token is for. */
enum key_right { KEY_NONE, KEY_NODE, KEY_ENROL };

/* The right of a key (Z85), and whose it is: *name is borrowed until that key ends. */
enum key_right keyring_right_of(const struct keyring *keyring, const char *public_key, const char **name);

/* The name whose valid key this is (Z85), or NULL. Borrowed until that key ends. */
const char *keyring_name_of(const struct keyring *keyring, const char *public_key);

/* Whether `name` has a valid key. */
bool keyring_knows(const struct keyring *keyring, const char *name);

/* Whose the n-th valid key is, and its right, in no order; NULL past the end. */
const char *keyring_nth(const struct keyring *keyring, size_t n, enum key_right *right);

/* How often keys may have ended so far: as long as that stays the same, what was valid still is. */
uint64_t keyring_endings(const struct keyring *keyring);

/* ---- changing ---- */

/* Give `name` the key `public_key`, whose other half somebody else keeps; an older key of that name
 * ends here. */
MUST_CHECK bool keyring_record(struct keyring *keyring, const char *name, const char *public_key, struct err *e);

/* Make a key pair for the node `name`, record its public key, and fill the invite. */
MUST_CHECK bool keyring_invite(struct keyring *keyring, const char *name, const char *endpoint, struct invite *invite,
                               struct err *e);

/* End the right of the key of `name`, a node's or a token's. */
MUST_CHECK bool keyring_revoke(struct keyring *keyring, const char *name, struct err *e);

/* ---- tokens: keys that may enrol ---- */

/* Tokens have names "token.XXXXXXXX", which no node can have. */
#define KEYRING_TOKEN_PREFIX "token."

struct keyring_token {
    int64_t uses;      /* how many nodes it may enrol */
    int64_t expires_s; /* seconds since 1970 */
};

/* Record a token's public key under a name of its own. */
MUST_CHECK bool keyring_record_token(struct keyring *keyring, const char *public_key, const struct keyring_token *token,
                                     char name[KEY_NAME], struct err *e);

/* How many nodes the token `name` may still enrol at `now_s`: 0 when it is spent, expired or revoked. */
MUST_CHECK bool keyring_token_left(struct keyring *keyring, const char *name, int64_t now_s, int64_t *left,
                                   struct err *e);

/* A token asks to enrol `name` with the key `public_key`. Its right, its expiry and its uses are
 * looked at in the same transaction that records the key. Asking again for the same is granted
 * again, and costs nothing. Fails with what the agent shall be told; ERR_INTERNAL where it is the
 * machine that failed. */
MUST_CHECK bool keyring_enrol(struct keyring *keyring, const char *token_key, const char *name, const char *public_key,
                              int64_t now_s, struct err *e);

#endif
