/* A packet from the network: as it is, which the tag must refuse, and with the tag put right, so
 * that the decoder behind it is reached. What opens, seals to the same bytes again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "wire/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_and_seal(const unsigned char *bytes, size_t size, const struct probe_key *key)
{
    struct probe_packet packet;
    struct err e = { 0 };
    unsigned char again[PROBE_SIZE];
    if (!probe_open(bytes, size, key, &packet, &e))
        return;
    if (!probe_seal(&packet, key, again, &e) || memcmp(again, bytes, PROBE_SIZE) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct probe_key KEYS[2] = { { PROBE_FROM_COORDINATOR, { 1 } }, { PROBE_FROM_AGENT, { 2 } } };
    for (size_t i = 0; i < 2; i++) {
        open_and_seal(data, size, &KEYS[i]);
        unsigned char bytes[PROBE_SIZE];
        if (size < sizeof bytes)
            continue;
        enum { TAG_SIZE = crypto_generichash_BYTES_MIN, TAG_AT = PROBE_SIZE - TAG_SIZE };
        memcpy(bytes, data, sizeof bytes);
        crypto_generichash(bytes + TAG_AT, TAG_SIZE, bytes, TAG_AT, KEYS[i].bytes, sizeof KEYS[i].bytes);
        open_and_seal(bytes, sizeof bytes, &KEYS[i]);
    }
    return 0;
}
