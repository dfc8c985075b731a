/* roster.h - the nodes that are here: who they are, and when each was last heard.
 *
 * No socket and no clock: the hub tells what came and when (CLOCK_MONOTONIC, ns).
 *
 * Whatever is asked of it for each message or each turn of the hub's loop costs the same however many
 * nodes there are, or grows with their logarithm: they are found by hash, and the next one that may be
 * dead stands first on an agenda.
 */
#ifndef TARE_ROSTER_H
#define TARE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "run/agenda.h"
#include "stamp/stamp_kind.h"
#include "sync/bounds.h"
#include "wire/keys.h"
#include "wire/message.h"
#include "wire/probe.h"
#include "wire/probe_window.h"

enum {
    ROSTER_ID_MAX = 32,       /* bytes of a ROUTER's id */
    ROSTER_REPLACE_MS = 3000, /* a new process with the same key takes over from one silent for so long */
    ROSTER_DEAD_MS = 3500,
    ROSTER_ARMED_DEAD_MS = 600,
    ROSTER_UDP_MS = 1000, /* without an answer by then UDP counts as blocked */
};

struct roster_node {
    /* What each message asks for stands together, in two lines of the cache. */
    size_t id_size;                   /* 0 without a connection */
    unsigned char id[ROSTER_ID_MAX];  /* the ROUTER's id of its connection */
    bool is_welcome;                  /* has been sent WELCOME on this connection */
    bool is_joined;                   /* ... and has told its facts */
    bool is_cut;                      /* its connection is closed, or another's: roster_cut */
    bool is_revoked;                  /* its key was taken back */
    bool is_armed;                    /* roster_set_armed */
    int64_t heard_mono, worst_gap_ns; /* the longest silence since that was set to 0 */
    char key[KEY_TEXT];

    char name[MESSAGE_NAME];
    struct message_hello hello;
    char address[64]; /* as the coordinator sees it */
    uint32_t cpus;
    char *catalogue, *fingerprint; /* owned */
    char *domains;                 /* owned; its virtual machines as JSON, NULL where it has not told */
    char doing[MESSAGE_NAME];      /* the step that it takes part in, for people; "" between trials */

    struct agenda_entry death; /* not dead before that */
    int64_t ping_mono, ping_sent_mono, rtt_ns;
    uint32_t ping_sequence;
    struct agenda_entry duty; /* the hub's: when it has to be pinged or probed */

    /* clock probes */
    uint64_t session; /* 0 without one: roster_open_session */
    uint64_t dials;
    struct probe_key up, down;
    struct probe_window window;
    struct sockaddr_storage udp;
    socklen_t udp_size; /* 0 until it has dialled */
    int64_t probe_every_ns, probe_mono, probing_since_mono;
    bool is_udp_blocked;                  /* no answer came: probes go over the control channel ... */
    uint32_t blocked_probes;              /* ... but for every so many-th of these */
    struct bounds *bounds;                /* owned */
    uint32_t probes;                      /* answered since the last reset */
    uint32_t by_stamps[STAMP_KIND_COUNT]; /* so many exchanges, by where their stamps are from */
    bool knows_moves;
    uint8_t moves;       /* of its wall clock, as its last answer has them */
    uint32_t wall_moves; /* ... of them since the last reset */
    FILE *probe_log;     /* borrowed: where its probes are told, too; NULL for nowhere */
};

struct roster;

struct roster *roster_new(void);
void roster_destroy(struct roster **roster);

/* Every node that ever came, in order of arrival; NULL past the end. */
struct roster_node *roster_at(const struct roster *roster, size_t index);
struct roster_node *roster_by_name(const struct roster *roster, const char *name);
struct roster_node *roster_by_id(const struct roster *roster, const void *id, size_t size);
struct roster_node *roster_by_session(const struct roster *roster, uint64_t session);

enum roster_answer {
    ROSTER_WELCOME, /* a new one, or a new process in its place: a fresh session */
    ROSTER_AGAIN,   /* the same process with the same key on a new connection: everything else goes on */
    ROSTER_REFUSED,
};

/* Decide on a HELLO that came with the key of `key_name` over connection `id`. On WELCOME and AGAIN
 * *node is bound to the connection; on REFUSED `reason` says why and nothing has changed. */
enum roster_answer roster_admit(struct roster *roster, const char *key_name, const char *key,
                                const struct message_hello *hello, const void *id, size_t id_size, int64_t now_mono,
                                struct roster_node **node, struct err *reason);

/* Give a welcome node its session, by which it is found from now on until it is dropped. False where
 * another node has the same. */
MUST_CHECK bool roster_open_session(struct roster *roster, struct roster_node *node, uint64_t session);

/* It was heard. */
void roster_heard(struct roster_node *node, int64_t now_mono);

/* Its connection is closed: it is dead. */
void roster_cut(struct roster *roster, struct roster_node *node);

/* An armed node is dead after a shorter silence, which counts from now. */
void roster_set_armed(struct roster *roster, struct roster_node *node, bool is_armed, int64_t now_mono);

/* Its connection is closed, or it is silent for too long; for a node that is not welcome: never. */
bool roster_is_dead(const struct roster_node *node, int64_t now_mono);

/* A node that is dead, NULL when there is none. It is told again until it is dropped or heard. */
struct roster_node *roster_next_dead(struct roster *roster, int64_t now_mono);

/* Why it is dead, as in "NODE is gone: ..."; to be asked before it is dropped. */
void roster_tell_loss(const struct roster_node *node, int64_t now_mono, char *why, size_t size);

/* Unbind it from its connection and its session. */
void roster_drop(struct roster *roster, struct roster_node *node);

#endif
