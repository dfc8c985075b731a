#include "catalogue.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalogue/boot_options.h"
#include "catalogue/compile_options.h"
#include "catalogue/cpu_options.h"
#include "catalogue/file_options.h"
#include "catalogue/micro_options.h"

#define SECONDS(n) ((int64_t)(n)*CLOCK_NS_PER_S)
#define MIB(n) (INT64_C(1024) * 1024 * (n))
#define UDP_MOST 65507 /* what an IPv4 datagram holds */

/* clang-format off */
#define TIMES(type)                                                                                                  \
    { .key = "length", .kind = FIELD_DURATION, .offset = offsetof(type, times.length_ns),                              \
      .min = INT64_C(100) * CLOCK_NS_PER_MS, .max = SECONDS(INT64_C(24) * 3600), .fallback = "10s",                                      \
      .doc = "measured time" },                                                                                        \
    { .key = "warmup", .kind = FIELD_DURATION, .offset = offsetof(type, times.warmup_ns),                              \
      .min = 0, .max = SECONDS(3600), .fallback = "0s",                                                                \
      .doc = "runs after the start, outside every figure" }

#define STREAMS(type)                                                                                                \
    { .key = "streams", .kind = FIELD_INT, .offset = offsetof(type, net.streams), .min = 1, .max = NET_STREAMS_MOST,   \
      .fallback = "1",                                                                                                 \
      .doc = "so many at once, each with a thread and a connection of its own, all with one start" }

#define BUFFERS(type)                                                                                                \
    { .key = "send_buffer", .kind = FIELD_SIZE, .offset = offsetof(type, net.send_buffer_bytes), .min = 0,             \
      .max = MIB(1024), .fallback = "0B", .doc = "SO_SNDBUF on both ends; 0 leaves it to the kernel" },                \
    { .key = "recv_buffer", .kind = FIELD_SIZE, .offset = offsetof(type, net.receive_buffer_bytes), .min = 0,          \
      .max = MIB(1024), .fallback = "0B", .doc = "SO_RCVBUF on both ends; 0 leaves it to the kernel" }

#define TCP(type)                                                                                                    \
    { .key = "congestion", .kind = FIELD_TEXT, .offset = offsetof(type, net.congestion), .capacity = 16,               \
      .fallback = "", .doc = "congestion control of both ends, 'cubic' say; empty leaves it to the kernel" },          \
    { .key = "nodelay", .kind = FIELD_BOOL, .offset = offsetof(type, net.nodelay), .fallback = "false",                \
      .doc = "TCP_NODELAY on both ends" }

#define MESSAGES(most)                                                                                               \
    { .key = "request", .kind = FIELD_SIZE, .offset = offsetof(struct net_rr_options, request_bytes), .min = 1,        \
      .max = most, .fallback = "1B", .doc = "what the node sends" },                                                   \
    { .key = "response", .kind = FIELD_SIZE, .offset = offsetof(struct net_rr_options, response_bytes), .min = 1,      \
      .max = most, .fallback = "1B", .doc = "what its peer answers" },                                                 \
    { .key = "interval", .kind = FIELD_DURATION, .offset = offsetof(struct net_rr_options, interval_ns), .min = 0,     \
      .max = SECONDS(3600), .fallback = "0s",                                                                          \
      .doc = "from one request to the next; 0 lets each follow the response before it at once" }

#define STREAM(member) offsetof(struct net_stream_options, member)
static const struct field NET_STREAM_FIELDS[] = {
    TIMES(struct net_stream_options),
    { .key = "direction", .kind = FIELD_CHOICE, .offset = STREAM(net.direction), .choices = "send|receive|both|sendfile",
      .fallback = "send",
      .doc = "which way the bytes go, seen from the node under test; sendfile sends a file by sendfile(2)" },
    STREAMS(struct net_stream_options),
    { .key = "message", .kind = FIELD_SIZE, .offset = STREAM(message_bytes), .min = 1, .max = MIB(64), .fallback = "16KiB",
      .doc = "bytes that one send hands to the kernel" },
    BUFFERS(struct net_stream_options),
    TCP(struct net_stream_options),
    { .key = "rcvlowat", .kind = FIELD_CHOICE, .offset = STREAM(rcvlowat), .choices = "auto|off", .fallback = "auto",
      .doc = "auto: above 5 Gbit/s reads wait for about 100 us' worth of bytes; off, and for sendfile: plain reads" },
};

static const struct field NET_RR_FIELDS[] = {
    TIMES(struct net_rr_options), MESSAGES(MIB(16)),
    STREAMS(struct net_rr_options), BUFFERS(struct net_rr_options), TCP(struct net_rr_options),
};

static const struct field UDP_RR_FIELDS[] = {
    TIMES(struct net_rr_options), MESSAGES(UDP_MOST), STREAMS(struct net_rr_options), BUFFERS(struct net_rr_options),
};

#define DATAGRAM(member) offsetof(struct udp_stream_options, member)
static const struct field UDP_STREAM_FIELDS[] = {
    TIMES(struct udp_stream_options),
    { .key = "direction", .kind = FIELD_CHOICE, .offset = DATAGRAM(net.direction), .choices = "send|receive|both",
      .fallback = "send", .doc = "which way the datagrams go, seen from the node under test" },
    STREAMS(struct udp_stream_options),
    { .key = "message", .kind = FIELD_SIZE, .offset = DATAGRAM(message_bytes), .min = 1, .max = UDP_MOST, .fallback = "1452B",
      .doc = "bytes of a datagram; 1472B fill a frame of Ethernet by IPv4, 1452B by IPv6; more are cut up" },
    { .key = "rate", .kind = FIELD_RATE, .offset = DATAGRAM(bits_per_s), .min = 0, .max = INT64_C(1000) * 1000 * 1000 * 1000,
      .fallback = "0bit/s", .doc = "of each stream, in bursts of at most 1 ms; 0 sends as fast as the kernel takes them" },
    BUFFERS(struct udp_stream_options),
};
/* clang-format on */

#define SCHEMA(name, fields, type)                     \
    {                                                  \
        name, fields, ARRAY_SIZE(fields), sizeof(type) \
    }
static const struct schema NET_STREAM = SCHEMA("net_stream", NET_STREAM_FIELDS, struct net_stream_options);
static const struct schema NET_RR = SCHEMA("net_rr", NET_RR_FIELDS, struct net_rr_options);
static const struct schema NET_CRR = SCHEMA("net_crr", NET_RR_FIELDS, struct net_rr_options);
static const struct schema UDP_STREAM = SCHEMA("udp_stream", UDP_STREAM_FIELDS, struct udp_stream_options);
static const struct schema UDP_RR = SCHEMA("udp_rr", UDP_RR_FIELDS, struct net_rr_options);

#define LATENCY_TEXT                                                                                                   \
    "transactions   responses that came whole, a second\n"                                                             \
    "latency_*      least, mean, p50, p90, p99, p99.9, p99.99 and most, from a histogram of every transaction whose\n" \
    "               buckets are at most 1.6 % wide; over several rounds that of all their transactions\n"
static const char TCP_LATENCY_TEXT[] =
    LATENCY_TEXT "retransmits    segments that the asking side sent again, over all its connections\n";

static const struct workload_info WORKLOADS[] = {
    { .name = "net_stream",
      .doc = "bulk TCP throughput between a node and its peer (netperf's TCP_STREAM, TCP_MAERTS, TCP_SENDFILE)",
      .first_operation = "the sender's first send(2) or sendfile(2)",
      .text =
          "throughput     bytes that the receiver read / time of the node under test, a sender's up to the peer's "
          "close\n"
          "retransmits    segments that the sender sent again\n"
          "rcvlowat       auto lets the receiver sleep (SO_RCVLOWAT) while few bytes are there, which is faster and\n"
          "               cheaper, the more so the dearer a wake-up: compare host and guest with off as well, where\n"
          "               it reads up to 128 KiB whenever there is anything, as netperf and most programs do, and\n"
          "               as it always does for sendfile; with messages of 512 KiB and more it waits for anything\n"
          "               and then reads up to 1 MiB without waiting\n",
      .kind = WORKLOAD_STREAM,
      .options = &NET_STREAM,
      .needs_peer = true },
    { .name = "net_rr",
      .doc = "request and response over one TCP connection, one at a time (netperf's TCP_RR)",
      .first_operation = "the node's first send(2)",
      .text = TCP_LATENCY_TEXT,
      .kind = WORKLOAD_TRANSACTIONS,
      .options = &NET_RR,
      .needs_peer = true },
    { .name = "net_crr",
      .doc = "connect, request, response and close, one after the other (netperf's TCP_CRR)",
      .first_operation = "the node's first socket(2)",
      .text = TCP_LATENCY_TEXT,
      .kind = WORKLOAD_TRANSACTIONS,
      .options = &NET_CRR,
      .needs_peer = true },
    { .name = "udp_stream",
      .doc = "datagrams one way, what was sent and what arrived (netperf's UDP_STREAM)",
      .first_operation = "the sender's first send(2)",
      .text = "throughput     bytes that the receiver read / time of the node under test\n"
              "sent           bytes that the sender's kernel took / the same time\n"
              "lost, loss     datagrams that were sent and never arrived, and their share\n"
              "late           arrived after a later one; duplicates: arrived again; failed: sends that were refused\n",
      .kind = WORKLOAD_DATAGRAMS,
      .options = &UDP_STREAM,
      .needs_peer = true },
    { .name = "udp_rr",
      .doc = "request and response in datagrams, one at a time (netperf's UDP_RR)",
      .first_operation = "the node's first send(2)",
      .text = LATENCY_TEXT,
      .kind = WORKLOAD_TRANSACTIONS,
      .options = &UDP_RR,
      .needs_peer = true },
    { .name = "file_io",
      .doc = "files written and read by IOzone's methods",
      .first_operation = "the first write(2), read(2) or fwrite(3)",
      .text =
          "write, read, ...   bytes a second of each method, of all threads together; with cells: all with the sizes\n"
          "                   of file and record behind it\n"
          "..._passes         how often it went through the file; ..._cpu: CPU seconds a GB of its threads\n"
          "device_read_ceiling, device_write_ceiling, cache_..._ceiling   what the directory gave before the start, "
          "by\n"
          "                   records of 1 MiB, around the page cache and through it\n"
          "The path beside a figure says what the bytes went through, of a guest whose host's agent tells down to the\n"
          "host's device: cached came from memory; direct stands there only where no layer keeps a copy.\n",
      .kind = WORKLOAD_LAPS,
      .options = &FILE_SCHEMA,
      .laps = &FILE_LAPS,
      .time = file_time,
      .emulated_least = 1,
      .emulated_most = 2,
      .misfit = file_misfit,
      .matrix = &FILE_MATRIX },
    { .name = "cpu",
      .doc = "Nbench's ten tests, written afresh, and its three indexes",
      .first_operation = "the first unit of work of the first test",
      .text =
          "numeric_sort, ...  what each test makes a second by its own unit, mean of its runs, of all threads "
          "together\n"
          "..._runs           how many; ..._half_width: of the 95 % interval of the mean, as a share of it; ..._cpu: "
          "CPU\n"
          "                   time a second and thread, less than 1 where others had the CPU\n"
          "mem_k6, int_k6, fp_k6   geometric means of rate / that of an AMD K6/233; ..._p90: of a Pentium 90\n"
          "Each unit proves its result; a wrong one ends the trial. The path names compiler, flags and C library.\n",
      .kind = WORKLOAD_LAPS,
      .options = &CPU_SCHEMA,
      .laps = &CPU_LAPS,
      .time = cpu_time,
      .emulated_least = 1.5,
      .emulated_most = 4,
      .misfit = cpu_misfit },
    { .name = "micro",
      .doc = "single operations that a guest pays for: system call, page fault, wake-up, timer, fsync, ...",
      .first_operation = "the first sample of the first test",
      .text = "syscall_p50, ...   percentiles of the time of one operation; those of less than about 1 us are timed in "
              "batches,\n"
              "                   whose means are what the percentiles are of\n",
      .kind = WORKLOAD_LAPS,
      .options = &MICRO_SCHEMA,
      .laps = &MICRO_LAPS,
      .time = micro_time,
      .emulated_least = 1,
      .emulated_most = 2 },
    { .name = "compile",
      .doc = "a tree of sources built: a kernel, whole or in part, or any other",
      .first_operation = "the gate in front of the build's `main` opens; where it has none, its execve(2) at T",
      .text =
          "real           from the first operation to the end of the build\n"
          "user, sys      CPU time of it and all that it started and waited for, as time(1) has them, from there\n"
          "cpus           (user + sys) / real; steps: lines that it said; entry: from T to the first operation\n"
          "A stream's `release` is `preloaded` for a build that is held in front of its `main` by tare-gate.so: a\n"
          "dynamic program of this machine, neither setuid nor a script. Another is held by a process of ours that\n"
          "executes it at T, `exec`: what that takes, about a millisecond, is in real, and the path says why.\n"
          "A kernel is built out of its tree, of a part of it only that part after `make prepare`; another tree is\n"
          "copied and built there. What it begins with is the same each time. A build that fails is kept. The path\n"
          "names tree, configuration, command and compiler.\n",
      .kind = WORKLOAD_LAPS,
      .options = &COMPILE_SCHEMA,
      .laps = &COMPILE_LAPS,
      .time = compile_time,
      .emulated_least = 11,
      .emulated_most = 28,
      .source = compile_source },
    { .name = "guest_boot",
      .doc = "how long a guest takes to start, boot, join, be saved and restored, and end",
      .first_operation = "the host's agent begins to make it",
      .text = "start          from its definition until its machine runs: QEMU is up, its memory there\n"
              "boot           from there until its own programs run\n"
              "join           from there (its machine runs) until its agent has joined the coordinator\n"
              "save, restore  to a file and back, where that can be had; else `stop` says why not\n"
              "stop           from the order to end until nothing of it is left\n"
              "The step is its host's, with `to:` the guest, which is off before and after. Files and image of the "
              "guest\nare made before `start`.\n",
      .kind = WORKLOAD_LAPS,
      .options = &BOOT_SCHEMA,
      .needs_guest = true,
      .laps = &BOOT_LAPS,
      .time = boot_time,
      .emulated_least = 1,
      .emulated_most = 3 },
};

struct workload_time catalogue_time(const struct workload_info *workload, const void *options)
{
    const struct workload_times *times = options; /* each workload's options begin with them */
    if (workload && workload->time)
        return workload->time(options);
    return (struct workload_time){ .prepare_ns = SECONDS(15),
                                   .warmup_ns = times->warmup_ns,
                                   .usual_ns = times->length_ns,
                                   .most_ns = times->length_ns };
}

/* FNV-1a goes on over the words. */
static uint64_t hash_words(uint64_t hash, const char *words)
{
    for (; *words; words++)
        hash = (hash ^ (unsigned char)*words) * UINT64_C(1099511628211);
    return hash;
}

uint64_t catalogue_signature(const struct workload_info *workload)
{
    uint64_t hash = schema_signature(workload->options);
    return workload->laps ? hash_words(hash_words(hash, workload->laps->tests), workload->laps->counters) : hash;
}

const struct workload_info *catalogue_entry(size_t index)
{
    return index < ARRAY_SIZE(WORKLOADS) ? &WORKLOADS[index] : NULL;
}

const struct workload_info *catalogue_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(WORKLOADS); i++)
        if (strcmp(WORKLOADS[i].name, name) == 0)
            return &WORKLOADS[i];
    return NULL;
}

const char *catalogue_nearest(const char *name)
{
    const char *nearest = NULL;
    int best = 4;
    for (size_t i = 0; i < ARRAY_SIZE(WORKLOADS); i++) {
        int distance = text_distance(WORKLOADS[i].name, name);
        if (distance < best) {
            best = distance;
            nearest = WORKLOADS[i].name;
        }
    }
    return nearest;
}
