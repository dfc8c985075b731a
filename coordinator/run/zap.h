/* zap.h - who may connect: our own ZAP handler (RFC 27), in the coordinator's loop.
 *
 * czmq's zauth cannot take a key back, and its store belongs to its thread. This one answers from
 * the keyring and gives the public key (Z85) as User-Id, never a name: a connection cannot be
 * closed from here, so each message's key is looked up anew.
 */
#ifndef TARE_ZAP_H
#define TARE_ZAP_H

#include "base/err.h"
#include "run/keyring.h"
#include "wire/channel.h"

/* Bind the handler; before any CURVE server is bound, and closed after it. */
MUST_CHECK bool zap_open(zsock_t **handler, struct err *e);

/* Answer every request that waits. Anything that is not a well-formed CURVE request for our domain
 * is refused, or where it cannot be answered, dropped. */
void zap_answer(zsock_t *handler, const struct keyring *keyring);

/* Prove that the server at `endpoint` refuses a random key: dial it with one, answering for the
 * handler meanwhile. Fails when the key gets in, or when nothing happens within 3 s. */
MUST_CHECK bool zap_self_test(zsock_t *handler, const struct keyring *keyring, const char *endpoint, struct err *e);

#endif
