#include "zap.h"

#include <errno.h>

#include "base/clock.h"
#include "base/text.h"
#include "wire/channel.h"

/* The frames of a request, RFC 27; CURVE has one credential. */
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIAL, FRAMES };

enum { SELF_TEST_MS = 3000, CURVE_KEY_BYTES = 32 };

bool zap_open(zsock_t **handler, struct err *e)
{
    zsock_t *rep = zsock_new(ZMQ_REP);
    if (!rep || zsock_bind(rep, "inproc://zeromq.zap.01") < 0) {
        int cause = errno;
        zsock_destroy(&rep);
        return err_errno(e, cause, "the authentication handler does not start");
    }
    *handler = rep;
    return true;
}

/* The Z85 text of the key in a request that is in order and whose key is valid; else false. */
static bool is_welcome(zmsg_t *request, const struct keyring *keyring, char key[KEY_TEXT])
{
    zframe_t *frames[FRAMES];
    frames[VERSION] = zmsg_first(request);
    for (int i = 1; i < FRAMES; i++)
        frames[i] = zmsg_next(request);
    return zmsg_size(request) == FRAMES && zframe_streq(frames[DOMAIN], CHANNEL_ZAP_DOMAIN) &&
           zframe_streq(frames[MECHANISM], "CURVE") && zframe_size(frames[CREDENTIAL]) == CURVE_KEY_BYTES &&
           zmq_z85_encode(key, zframe_data(frames[CREDENTIAL]), CURVE_KEY_BYTES) &&
           keyring_right_of(keyring, key, &(const char *){ NULL }) != KEY_NONE;
}

void zap_answer(zsock_t *handler, const struct keyring *keyring)
{
    while (zsock_events(handler) & ZMQ_POLLIN) {
        zmsg_t *request = zmsg_recv(handler);
        if (!request)
            return;
        zframe_t *version = zmsg_first(request), *id = zmsg_next(request);
        char key[KEY_TEXT] = "";
        bool is_ours = version && id && zframe_streq(version, "1.0");
        bool ok = is_ours && is_welcome(request, keyring, key);
        zmsg_t *reply = zmsg_new();
        zmsg_addstr(reply, "1.0");
        zmsg_addmem(reply, is_ours ? zframe_data(id) : NULL, is_ours ? zframe_size(id) : 0);
        zmsg_addstr(reply, ok ? "200" : "400");
        zmsg_addstr(reply, ok ? "OK" : "unknown key");
        zmsg_addstr(reply, ok ? key : "");
        zmsg_addmem(reply, NULL, 0);
        zmsg_send(&reply, handler);
        zmsg_destroy(&request);
    }
}

bool zap_self_test(zsock_t *handler, const struct keyring *keyring, const char *endpoint, struct err *e)
{
    struct invite stranger = { 0 };
    zsock_t *dealer = NULL, *monitor = NULL;
    text_copy(stranger.endpoint, sizeof stranger.endpoint, endpoint);
    text_copy(stranger.server_key, sizeof stranger.server_key, keyring_own(keyring)->public_key);
    if (!keypair_make(&stranger.node, e) || !channel_dial(&stranger, &dealer, &monitor, e))
        return err_wrap(e, "self-test of the authentication");
    enum channel_event event = CHANNEL_NOTHING;
    for (int64_t end = clock_mono_ns() + clock_ms(SELF_TEST_MS); clock_mono_ns() < end;) {
        zmq_pollitem_t items[] = { { .socket = zsock_resolve(handler), .events = ZMQ_POLLIN },
                                   { .socket = zsock_resolve(monitor), .events = ZMQ_POLLIN } };
        if (zmq_poll(items, 2, clock_ms_until(end)) < 0 && errno != EINTR)
            break;
        zap_answer(handler, keyring);
        event = channel_event(monitor);
        if (event == CHANNEL_OPEN || event == CHANNEL_REFUSED)
            break;
    }
    channel_hang_up(&dealer, &monitor);
    if (event == CHANNEL_REFUSED)
        return true;
    return err_set(e, ERR_INTERNAL,
                   event == CHANNEL_OPEN
                       ? "self-test of the authentication: a random key was let in; tare does not go on"
                       : "self-test of the authentication: no answer from %s within 3 s",
                   endpoint);
}
