/* A frame from the network. What is understood is written again, and that is understood as the
 * same and written as the same bytes. */
#include <string.h>

#include "fuzz.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct message first, second;
    struct err e = { 0 };
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    if (!message_decode(data, size, &first, &e)) {
        FUZZ_REQUIRE(*e.text && !strchr(e.text, '\n'));
        return 0;
    }
    msgpack_sbuffer frame, again;
    msgpack_sbuffer_init(&frame);
    msgpack_sbuffer_init(&again);
    FUZZ_REQUIRE(message_encode(&first, &frame, &e));
    FUZZ_REQUIRE(message_decode(frame.data, frame.size, &second, &e));
    FUZZ_REQUIRE(memcmp(&first, &second, sizeof first) == 0);
    FUZZ_REQUIRE(message_encode(&second, &again, &e));
    FUZZ_REQUIRE(frame.size == again.size && memcmp(frame.data, again.data, frame.size) == 0);
    msgpack_sbuffer_destroy(&frame);
    msgpack_sbuffer_destroy(&again);
    return 0;
}
