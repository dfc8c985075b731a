/* keys.h - CURVE key pairs, and the invite: one file that lets one agent join one coordinator.
 *
 * An enrolment token is the same file with the line "right=enrol": its key may do one thing, ask
 * for a node's own key to be recorded, and its name is the token's.
 *
 * The file is lines "key=value" behind comment lines (#), mode 0600; one that others could read is
 * refused, for then the key is none. Keys are Z85 text (40 characters).
 */
#ifndef TARE_KEYS_H
#define TARE_KEYS_H

#include <stddef.h>

#include "base/err.h"

enum { KEY_TEXT = 41, KEY_NAME = 64, KEY_ENDPOINT = 128, INVITE_TEXT_MAX = 2048 };

struct keypair {
    char public_key[KEY_TEXT], secret_key[KEY_TEXT];
};

struct invite {
    char endpoint[KEY_ENDPOINT]; /* tcp://ADDRESS:PORT of the coordinator */
    char name[KEY_NAME];         /* the node's */
    char server_key[KEY_TEXT];   /* the coordinator's public key */
    struct keypair node;
    bool is_token;
};

MUST_CHECK bool keypair_make(struct keypair *pair, struct err *e);

/* 40 characters of Z85. */
bool key_is_valid(const char *text);

/* Write a new file of mode 0600 (an existing one is replaced whole or not at all); "-" writes to
 * stdout. */
MUST_CHECK bool invite_write(const char *path, const struct invite *invite, struct err *e);

/* What invite_write writes, as text: at most INVITE_TEXT_MAX - 1 bytes, secrets and all. */
MUST_CHECK bool invite_print(const struct invite *invite, char *text, size_t size, struct err *e);

/* "-" reads stdin. Every line is checked; errors name the file and the line or key, and never show
 * what stands there. */
MUST_CHECK bool invite_read(const char *path, struct invite *invite, struct err *e);

/* Overwrite the secrets; not optimised away. */
void invite_wipe(struct invite *invite);

#endif
