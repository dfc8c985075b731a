/* channel.h - CURVE sockets that carry messages: a coordinator's ROUTER, an agent's DEALER.
 *
 * Nothing here blocks: sending fails at once where the other side takes no more, receiving where
 * nothing has come.
 */
#ifndef TARE_CHANNEL_H
#define TARE_CHANNEL_H

#include <czmq.h>
/* czmq brings in syslog.h, whose numbers would take the place of base/log.h's levels: what log_info
 * said in a file with both was never shown. So czmq is included here and nowhere else. */
#undef LOG_INFO
#undef LOG_DEBUG

#include "wire/keys.h"
#include "wire/message.h"

/* Every CURVE server of ours asks the ZAP handler about each key; without a handler a server would
 * let anybody in, unless domain and enforcement are both set. */
#define CHANNEL_ZAP_DOMAIN "tare"

enum { CHANNEL_PORT = 5670 };

/* czmq without its signal handlers and its own output; call once, first. */
MUST_CHECK bool channel_start(struct err *e);

/* The ROUTER, bound to `endpoint`. A ZAP handler must be up. */
MUST_CHECK bool channel_listen(const char *endpoint, const struct keypair *own, zsock_t **router, struct err *e);

/* A DEALER that dials, and a PAIR on which its monitor's events arrive (channel_event). */
MUST_CHECK bool channel_dial(const struct invite *invite, zsock_t **dealer, zsock_t **monitor, struct err *e);

/* Close both; NULLs are fine. Never destroy a monitor's PAIR while its socket is still watched: libzmq's
 * I/O thread would wait for ever to tell it the next event, and with it every socket of the process. */
void channel_hang_up(zsock_t **dealer, zsock_t **monitor);

/* What the monitor says about the connection; CHANNEL_NOTHING when no (further) event is there. */
enum channel_event {
    CHANNEL_NOTHING,
    CHANNEL_OPEN,
    CHANNEL_CLOSED,  /* libzmq dials again */
    CHANNEL_BROKEN,  /* in mid-handshake: a busy coordinator, or one that cannot read us; libzmq dials again */
    CHANNEL_REFUSED, /* the key is not known there; libzmq does not dial again */
    CHANNEL_FOREIGN, /* what answers does not speak this protocol; libzmq does not dial again */
    CHANNEL_OTHER
};
enum channel_event channel_event(zsock_t *monitor);

/* A connection, as the ROUTER numbers it. */
struct channel_id {
    const void *bytes; /* borrowed */
    size_t size;
};

/* `to` is the receiver, NULL from a DEALER. False: the receiver is gone (*gone = true) or takes no more
 * at the moment. */
MUST_CHECK bool channel_send(zsock_t *socket, const struct channel_id *to, const struct message *m, bool *gone,
                             struct err *e);

/* What has come: one frame of payload, and at a ROUTER its sender. */
struct channel_frame {
    zmq_msg_t sender, body;
};

/* The next frame that has come, to be closed by channel_frame_close; false when there is none, and then
 * there is nothing to close. `is_router`: the socket is one, so that a sender's id comes with it. What is not
 * exactly one frame of payload is dropped, and the next one looked at. */
MUST_CHECK bool channel_receive(zsock_t *socket, bool is_router, struct channel_frame *frame);
void channel_frame_close(struct channel_frame *frame);

/* As message_decode. */
MUST_CHECK bool channel_frame_decode(struct channel_frame *frame, struct message *m, struct err *e);

/* Borrowed until the frame is closed. */
struct channel_id channel_frame_sender(struct channel_frame *frame);

/* What libzmq knows of the connection, "User-Id" or "Peer-Address"; NULL where it does not. */
const char *channel_frame_property(const struct channel_frame *frame, const char *name);

#endif
