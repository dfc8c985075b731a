/* Lines from anywhere at the control socket: each gets one answer, in JSON that a terminal can be shown;
 * a line without an end gets none. The hub behind it is a real one that nobody dials. */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "control/peer.h"
#include "control/verbs.h"
#include "fuzz.h"

enum { KEYS_MOST = 100, PORTS = 50, FIRST_PORT = 20000 };

static char directory[] = "/tmp/tare-fuzz-XXXXXX";
static struct control_options options;

static void remove_directory(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    (void)!system(command); // NOLINT(cert-env33-c): a directory of our own
}

static void open_hub(void)
{
    struct keyring *keyring = NULL;
    struct err e = { 0 };
    bool ok = mkdtemp(directory) != NULL;
    atexit(remove_directory);
    log_set_level(LOG_ERROR); /* what is revoked is told */
    ok = ok && keyring_open(directory, &keyring, &e);
    for (unsigned i = 0; ok && !options.hub && i < PORTS; i++)
        (void)!hub_open(keyring, FIRST_PORT + ((unsigned)getpid() + i) % FIRST_PORT, &options.hub, &e);
    if (!options.hub) {
        fprintf(stderr, "no hub: %s\n", e.text);
        abort();
    }
}

/* Few keys, so that the list of nodes stays short. */
static void forget_keys(void)
{
    struct keyring *keyring = hub_keyring(options.hub);
    enum key_right right;
    if (!keyring_nth(keyring, KEYS_MOST, &right))
        return;
    for (const char *name; (name = keyring_nth(keyring, 0, &right));) {
        char copy[KEY_NAME];
        struct err e = { 0 };
        text_copy(copy, sizeof copy, name);
        FUZZ_REQUIRE(keyring_revoke(keyring, copy, &e));
    }
}

/* The lines that have come to `fd`: each an object, and how many of them end an answer. */
static size_t read_answers(int fd)
{
    static char text[PEER_ANSWER_MAX];
    size_t used = 0, ended = 0;
    ssize_t got;
    while ((got = recv(fd, text + used, sizeof text - used, MSG_DONTWAIT)) > 0)
        used += (size_t)got;
    for (const char *at = text, *end; at < text + used; at = end + 1) {
        end = memchr(at, '\n', (size_t)(text + used - at));
        FUZZ_REQUIRE(end && text_is_printable(at, (size_t)(end - at)));
        json_t *line = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
        FUZZ_REQUIRE(json_is_object(line));
        const json_t *ok = json_object_get(line, "ok"), *why = json_object_get(line, "error");
        FUZZ_REQUIRE(!json_is_false(ok) || (json_is_string(why) && json_string_length(why) > 0));
        ended += ok != NULL;
        json_decref(line);
    }
    return ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!options.hub)
        open_hub();
    int ends[2];
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    struct peer peer = { .fd = ends[0] };
    size_t piece = 1 + size % 251, asked = 0, answered = 0;
    bool goes_on = true;
    for (size_t at = 0; goes_on && at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;
        FUZZ_REQUIRE(send(ends[1], data + at, part, 0) == (ssize_t)part);
        goes_on = peer_read(&peer);
        for (json_t *request; goes_on && (request = peer_take(&peer)); asked++) {
            verbs_answer(&options, &peer, request);
            json_decref(request);
            peer_flush(&peer);
            FUZZ_REQUIRE(!peer.is_lost);
            answered += read_answers(ends[1]);
        }
    }
    FUZZ_REQUIRE(answered == asked);
    FUZZ_REQUIRE(goes_on || peer.in_used == sizeof peer.in);
    peer_close(&peer);
    close(ends[1]);
    forget_keys();
    return 0;
}
