/* peer.h - one connection to the control socket: lines of JSON each way, bounded. */
#ifndef TARE_CONTROL_PEER_H
#define TARE_CONTROL_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum {
    PEER_REQUEST_MAX = 4096,           /* bytes of a line that comes */
    PEER_ANSWER_MAX = 8 * 1024 * 1024, /* ... of what waits to go: 10,000 nodes */
    PEER_WATCH_MAX = 256 * 1024        /* ... for one that watches */
};

struct peer {
    int fd; /* -1: none */
    char in[PEER_REQUEST_MAX];
    size_t in_used;
    char *out; /* owned */
    size_t out_used, out_room;
    bool is_watching;
    bool is_lost; /* it is to be closed: gone, too slow, or out of order */
};

/* Read what has come. False when the other side has closed, or sent a line without an end. */
bool peer_read(struct peer *peer);

/* The first whole line as an object, the caller's; an empty one for a line that is none. NULL: no
 * line is whole yet. */
json_t *peer_take(struct peer *peer);

/* Put one line of JSON behind what waits; steals `line`. A peer that reads too slowly is lost. */
void peer_put(struct peer *peer, json_t *line);

/* Send what waits as far as it goes. */
void peer_flush(struct peer *peer);

void peer_close(struct peer *peer);

#endif
