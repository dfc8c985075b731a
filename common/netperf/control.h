/* control.h - netperf 2.7's control messages: what its two halves say to each other over TCP port 12865.
 *
 * Every message is 656 bytes both ways, 164 words of 32 bits in network order, without length, magic or
 * version. Word 0 is the type; word 1 is the CPU that a request wants the other side bound to (-1: none),
 * and in an answer the errno of a refusal. The rest is the data of the test, whose offsets stand below.
 * Which form an answer has follows from the request alone: netperf itself sends its results with the
 * bytes of the type swapped, and leaves in fields that it does not set whatever was there before.
 *
 * Source: the bytes that netperf 2.7.0 and its netserver exchange, as captured in tests/golden/netperf.
 * Versions up to 2.5 use 256 bytes.
 *
 * One list: structs, encoder, decoder, the dump for a log and the fuzz target derive from it.
 *
 *   I(offset, name)         int32
 *   U(offset, name)         uint32
 *   H(offset, name)         uint64, the high word first
 *   F(offset, name)         float, IEEE single in the same order
 *   D(offset, name)         double
 *   S(offset, name, size)   text of at most `size` bytes, kept with a terminating NUL, fit to be shown
 *   B(offset, name, size)   bytes as they are
 *
 * (T is the struct that the field belongs to; offsets count from behind word 1.)
 */
#ifndef TARE_NETPERF_CONTROL_H
#define TARE_NETPERF_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_PORT = 12865,
    CONTROL_BYTES = 656,
    CONTROL_OLD_BYTES = 256, /* of versions up to 2.5 */
    CONTROL_TEXT_MAX = 4096, /* of control_show */
    CONTROL_UNKNOWN = 998,   /* the errno that refuses a type which is not known */
};

/* The requests that are known: number, name, form. */
#define CONTROL_REQUESTS(R)      \
    R(1, DEBUG_ON, OTHER)        \
    R(2, DEBUG_OFF, OTHER)       \
    R(4, NODE_IDENTIFY, OTHER)   \
    R(5, CPU_CALIBRATE, OTHER)   \
    R(6, PASSPHRASE, PASSPHRASE) \
    R(10, DO_TCP_STREAM, STREAM) \
    R(97, DO_OMNI, OMNI)

/* What answers carry as their type. */
enum control_answer {
    CONTROL_DEBUG_OK = 3,
    CONTROL_CPU_CALIBRATED = 5,
    CONTROL_TCP_STREAM_RESPONSE = 11,
    CONTROL_TCP_STREAM_RESULTS = 12,
    CONTROL_OMNI_RESPONSE = 98,
    CONTROL_OMNI_RESULTS = 99,
};

#define CONTROL_FORMS(M)            \
    M(OTHER, other)                 \
    M(PASSPHRASE, passphrase)       \
    M(CALIBRATION, calibration)     \
    M(OMNI, omni)                   \
    M(OMNI_ANSWER, omni_answer)     \
    M(OMNI_RESULTS, omni_results)   \
    M(STREAM, stream)               \
    M(STREAM_ANSWER, stream_answer) \
    M(STREAM_RESULTS, stream_results)

/* Where nothing is said that means anything here: the first word, for a log. */
#define CONTROL_OTHER_FIELDS(T, I, U, H, F, D, S, B) U(T, 0, first)
/* No answer when it is right; the connection is closed when it is wrong. */
#define CONTROL_PASSPHRASE_FIELDS(T, I, U, H, F, D, S, B) B(T, 0, text, 640)
/* How much of a CPU-second goes by in a second, in percent, and how many CPUs there are. */
#define CONTROL_CALIBRATION_FIELDS(T, I, U, H, F, D, S, B) F(T, 0, rate) I(T, 4, cpus)

/* Every test but TCP_SENDFILE. Sizes of -1 are the server's own choice; `length` is seconds, or when
 * negative so many bytes or transactions; `direction` as the server sees it. */
#define CONTROL_OMNI_FIELDS(T, I, U, H, F, D, S, B) \
    I(T, 0, send_buffer)                            \
    I(T, 4, send_size)                              \
    I(T, 8, send_align)                             \
    I(T, 12, send_offset)                           \
    I(T, 16, send_width)                            \
    I(T, 20, request_size)                          \
    I(T, 24, receive_buffer)                        \
    I(T, 28, receive_size)                          \
    I(T, 32, receive_align)                         \
    I(T, 36, receive_offset)                        \
    I(T, 40, receive_width)                         \
    I(T, 44, response_size)                         \
    U(T, 48, flags)                                 \
    F(T, 52, cpu_rate)                              \
    I(T, 56, length)                                \
    I(T, 60, send_avoid)                            \
    I(T, 64, receive_avoid)                         \
    I(T, 68, use_dirty)                             \
    I(T, 72, dirty_count)                           \
    I(T, 76, clean_count)                           \
    I(T, 80, data_port)                             \
    I(T, 84, family)                                \
    I(T, 88, socket_type)                           \
    I(T, 92, protocol)                              \
    I(T, 96, direction)                             \
    I(T, 100, client_port)                          \
    I(T, 104, burst)                                \
    I(T, 108, burst_us)                             \
    B(T, 112, client_address, 16)                   \
    B(T, 128, server_address, 16)                   \
    I(T, 144, priority)                             \
    I(T, 148, type_of_service)                      \
    S(T, 152, congestion, 16)                       \
    S(T, 168, fill_file, 32)

#define CONTROL_OMNI_ANSWER_FIELDS(T, I, U, H, F, D, S, B) \
    I(T, 0, receive_buffer)                                \
    I(T, 4, receive_size)                                  \
    I(T, 8, receive_width)                                 \
    I(T, 12, send_buffer)                                  \
    I(T, 16, send_size)                                    \
    I(T, 20, send_width)                                   \
    U(T, 24, flags)                                        \
    F(T, 28, cpu_rate)                                     \
    I(T, 32, length)                                       \
    I(T, 36, send_avoid)                                   \
    I(T, 40, receive_avoid)                                \
    I(T, 44, data_port)                                    \
    I(T, 48, burst)                                        \
    I(T, 52, burst_us)                                     \
    I(T, 56, mhz)                                          \
    I(T, 60, security)                                     \
    I(T, 64, priority)                                     \
    I(T, 68, type_of_service)                              \
    S(T, 72, model, 33)                                    \
    S(T, 105, cpu, 80)                                     \
    S(T, 185, security_name, 16)

#define CONTROL_OMNI_RESULTS_FIELDS(T, I, U, H, F, D, S, B) \
    H(T, 0, bytes_received)                                 \
    U(T, 8, receive_calls)                                  \
    U(T, 12, receive_buffer)                                \
    H(T, 16, bytes_sent)                                    \
    U(T, 24, send_calls)                                    \
    U(T, 28, send_buffer)                                   \
    U(T, 32, failed_sends)                                  \
    U(T, 36, transactions)                                  \
    F(T, 40, elapsed_s)                                     \
    F(T, 44, cpu_percent)                                   \
    F(T, 48, user_percent)                                  \
    F(T, 52, system_percent)                                \
    F(T, 56, iowait_percent)                                \
    F(T, 60, irq_percent)                                   \
    F(T, 64, softirq_percent)                               \
    F(T, 68, service_demand)                                \
    I(T, 72, cpu_method)                                    \
    I(T, 76, cpus)                                          \
    I(T, 80, peak_cpu)                                      \
    F(T, 84, peak_percent)                                  \
    I(T, 88, pci_vendor)                                    \
    I(T, 92, pci_device)                                    \
    I(T, 96, pci_subvendor)                                 \
    I(T, 100, pci_subdevice)                                \
    I(T, 104, retransmits)                                  \
    S(T, 108, interface, 16)                                \
    S(T, 124, driver, 32)                                   \
    S(T, 156, driver_version, 32)                           \
    S(T, 188, firmware, 32)                                 \
    S(T, 220, bus, 32)                                      \
    S(T, 252, slot, 16)                                     \
    S(T, 268, congestion, 16)

/* TCP_SENDFILE, and TCP_STREAM of netperf versions before the tests were unified. */
#define CONTROL_STREAM_FIELDS(T, I, U, H, F, D, S, B) \
    I(T, 0, send_buffer)                              \
    I(T, 4, receive_buffer)                           \
    I(T, 8, receive_size)                             \
    I(T, 12, receive_align)                           \
    I(T, 16, receive_offset)                          \
    I(T, 20, nodelay)                                 \
    I(T, 24, measure_cpu)                             \
    F(T, 28, cpu_rate)                                \
    I(T, 32, length)                                  \
    I(T, 36, send_avoid)                              \
    I(T, 40, receive_avoid)                           \
    I(T, 44, dirty_count)                             \
    I(T, 48, clean_count)                             \
    I(T, 52, data_port)                               \
    I(T, 56, family)                                  \
    I(T, 60, aio)

#define CONTROL_STREAM_ANSWER_FIELDS(T, I, U, H, F, D, S, B) \
    I(T, 0, receive_buffer)                                  \
    I(T, 4, receive_size)                                    \
    I(T, 8, nodelay)                                         \
    I(T, 12, measure_cpu)                                    \
    I(T, 16, length)                                         \
    I(T, 20, send_buffer)                                    \
    I(T, 24, data_port)                                      \
    F(T, 28, cpu_rate)                                       \
    I(T, 32, send_avoid)                                     \
    I(T, 36, receive_avoid)

#define CONTROL_STREAM_RESULTS_FIELDS(T, I, U, H, F, D, S, B) \
    D(T, 0, bytes_received)                                   \
    U(T, 8, receive_calls)                                    \
    F(T, 12, elapsed_s)                                       \
    F(T, 16, cpu_percent)                                     \
    F(T, 20, service_demand)                                  \
    I(T, 24, cpu_method)                                      \
    I(T, 28, cpus)                                            \
    I(T, 32, receive_buffer)                                  \
    I(T, 36, send_buffer)

/* Words of the fields above. */
enum control_flag {
    CONTROL_NODELAY = 1,
    CONTROL_SENDFILE = 2,
    CONTROL_CONNECT = 4, /* a connection for each transaction */
    CONTROL_MEASURE_CPU = 8,
    CONTROL_ROUTING_ALLOWED = 0x20, /* netperf sets it always, but for UDP_STREAM without -R 1 */
};
enum control_direction { CONTROL_SERVER_SENDS = 2, CONTROL_SERVER_RECEIVES = 4, CONTROL_BOTH = 6 };
enum control_family { CONTROL_IPV4 = 4, CONTROL_IPV6 = 6 };
enum control_protocol { CONTROL_STREAM_SOCKET = 1, CONTROL_DATAGRAM_SOCKET = 2, CONTROL_TCP = 6, CONTROL_UDP = 17 };
enum { CONTROL_CPU_FROM_PROC_STAT = 8 }; /* cpu_method */

#define CONTROL_I(T, offset, name) int32_t name;
#define CONTROL_U(T, offset, name) uint32_t name;
#define CONTROL_H(T, offset, name) uint64_t name;
#define CONTROL_F(T, offset, name) float name;
#define CONTROL_D(T, offset, name) double name;
#define CONTROL_S(T, offset, name, size) char name[(size) + 1];
#define CONTROL_B(T, offset, name, size) unsigned char name[size];
#define CONTROL_STRUCT(FORM, member)                                                                           \
    struct control_##member {                                                                                  \
        CONTROL_##FORM##_FIELDS(, CONTROL_I, CONTROL_U, CONTROL_H, CONTROL_F, CONTROL_D, CONTROL_S, CONTROL_B) \
    };
CONTROL_FORMS(CONTROL_STRUCT)

#define CONTROL_REQUEST_ENUM(number, NAME, FORM) CONTROL_##NAME = number,
enum control_request { CONTROL_REQUESTS(CONTROL_REQUEST_ENUM) };
#define CONTROL_FORM_ENUM(FORM, member) CONTROL_FORM_##FORM,
enum control_form { CONTROL_FORMS(CONTROL_FORM_ENUM) CONTROL_FORM_COUNT };

#define CONTROL_MEMBER(FORM, member) struct control_##member member;
struct control {
    uint32_t type;
    int32_t word; /* of a request: the CPU, -1 for any; of an answer: the errno of a refusal, or 0 */
    enum control_form form;
    union {
        CONTROL_FORMS(CONTROL_MEMBER)
    };
};

/* Bytes that no field covers are 0. */
void control_encode(const struct control *c, unsigned char bytes[CONTROL_BYTES]);

/* What came, as a request: its type gives the form. False for a type that is not known, which `c` then
 * tells with the form OTHER. All bytes decode: numbers are as they came, and so to be checked by whoever
 * goes by them; floats that are not finite read as 0. */
bool control_decode_request(const unsigned char bytes[CONTROL_BYTES], struct control *c);

/* What came, as the answer of the form that is due; its type is told and means nothing. */
void control_decode(const unsigned char bytes[CONTROL_BYTES], enum control_form form, struct control *c);

/* "DO_OMNI", "type 40": for a log. Returns `out`. */
const char *control_name(uint32_t type, char *out, size_t size);

/* All fields that are not 0, "name=value ..." on one line: for a log, and for tests. A passphrase is not
 * shown. Returns `out`. */
const char *control_show(const struct control *c, char *out, size_t size);

#endif
