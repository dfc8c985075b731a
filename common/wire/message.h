/* message.h - what coordinator and agents say to each other.
 *
 * A message is a msgpack array [type, field, field, ...], the fields in the order of the list below; what two sides
 * say before they know each other (HELLO, ENROL, GRANTED) are maps, frozen for ever, so that any two versions can tell
 * each other who they are. One list: structs, names, limits, encoder, decoder and fuzz seeds derive from it.
 *
 *   U(name)            uint32
 *   I(name)            int64, nanoseconds where the name ends in _ns
 *   S(name, max)       text, at most max - 1 bytes, kept with a terminating NUL
 *   B(name, max)       bytes, at most max, kept as name and name_size
 *   T                  the struct that the field belongs to
 *
 * A trial has jobs: one a node under test. A job has its part on that node (`load`) and, where the
 * workload needs a peer, one on the peer (`serve`); both name it by the same number. A job has
 * flows, numbered from 0. All stamps of an agent are its own CLOCK_MONOTONIC_RAW.
 */
#ifndef TARE_MESSAGE_H
#define TARE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <msgpack.h>

#include "base/err.h"
#include "stats/hist.h"
#include "stats/meter.h"
#include "wire/guest_life.h"
#include "wire/tree.h"

enum { WIRE_MAJOR = 1, WIRE_MINOR = 0 };
#define HELLO_MAGIC "tare"
#define ENROL_MAGIC "enrol"
#define GRANTED_MAGIC "granted"

enum message_limit {
    MESSAGE_FRAME_MAX = 64 * 1024,
    MESSAGE_NAME = 64,
    MESSAGE_TOKEN = 16,
    MESSAGE_KEY = 32,
    MESSAGE_KEY_TEXT = 41,
    MESSAGE_SESSION = 8,
    MESSAGE_OPTIONS = 4096,
    MESSAGE_REASON = 400,
    MESSAGE_POINTS = 128,  /* of a meter, in one SAMPLE */
    MESSAGE_COUNTERS = 10, /* of a LAP */
    MESSAGE_ROUTE = 256,
    MESSAGE_CPUS = 128, /* a list, "0-1,3" */
    MESSAGE_DEVICE = 16,
};

enum { PART_LOAD = 0, PART_SERVE = 1 };

#define MESSAGES(M)                 \
    M(1, HELLO, hello)              \
    M(2, WELCOME, welcome)          \
    M(3, REFUSED, refused)          \
    M(4, FACTS, facts)              \
    M(5, PING, ping)                \
    M(6, PONG, pong)                \
    M(7, PREPARE, prepare)          \
    M(8, READY, ready)              \
    M(9, ARM, arm)                  \
    M(10, ARMED, armed)             \
    M(11, CANCEL, cancel)           \
    M(12, SAMPLE, sample)           \
    M(13, STREAM, stream)           \
    M(14, DONE, done)               \
    M(15, FAILED, failed)           \
    M(16, BYE, bye)                 \
    M(17, ASK, ask)                 \
    M(18, ANSWER, answer)           \
    M(19, ENROL, enrol)             \
    M(20, GRANTED, granted)         \
    M(21, GUEST_START, guest_start) \
    M(22, GUEST_STOP, guest_stop)   \
    M(23, GUEST_STATE, guest_state) \
    M(24, DOMAINS, domains)         \
    M(25, WATCH, watch)             \
    M(26, WATCHED, watched)         \
    M(27, GUEST_HOLD, guest_hold)   \
    M(28, COOL, cool)               \
    M(29, COOLED, cooled)           \
    M(30, NETSERVER, netserver)     \
    M(31, LAP, lap)                 \
    M(32, TREE_OFFER, tree_offer)   \
    M(33, TREE_STATE, tree_state)   \
    M(34, TREE_CHUNK, tree_chunk)   \
    M(35, GUEST_HERE, guest_here)   \
    M(36, WATCHING, watching)       \
    M(37, TIMEKEEPING, timekeeping) \
    M(38, AROUND, around)           \
    M(39, ENCLOSE, enclose)         \
    M(40, ENCLOSED, enclosed)

/* agent -> coordinator, a map: who speaks. `name` must be its key's own, `instance` is random for each process. */
#define HELLO_FIELDS(T, U, I, S, B) \
    S(T, magic, 8)                  \
    U(T, major)                     \
    U(T, minor) S(T, program, 16) S(T, version, 32) S(T, name, MESSAGE_NAME) S(T, instance, 40) S(T, boot_id, 40)
/* coordinator -> agent: you are in. The keys seal the UDP clock probes of this session, one a
 * direction: `down` what the coordinator sends, `up` what the agent sends. */
#define WELCOME_FIELDS(T, U, I, S, B) \
    B(T, session, MESSAGE_SESSION) B(T, down_key, MESSAGE_KEY) B(T, up_key, MESSAGE_KEY) U(T, probe_port)
/* coordinator -> agent: you are not, and why */
#define REFUSED_FIELDS(T, U, I, S, B) S(T, reason, MESSAGE_REASON)
/* agent -> coordinator, after WELCOME: CPUs it may use, "workload signature" lines, and
 * the fingerprint as JSON */
#define FACTS_FIELDS(T, U, I, S, B) U(T, cpus) S(T, catalogue, 4096) S(T, fingerprint, 16384)
/* the heartbeat: the coordinator asks, the agent answers with the same number */
#define PING_FIELDS(T, U, I, S, B) U(T, sequence)
#define PONG_FIELDS(T, U, I, S, B) U(T, sequence)
/* coordinator -> agent: make one part of one job ready; slow and untimed. `address` and `port` say
 * where the peer listens (load part only), `is_stock` that it is a stock netserver (port 0: its usual one);
 * `own` is the agent's own address to connect from or to listen at, "" for any; `options` are lines key=value of
 * the workload's table; `tree` is the hash of the source that it builds, empty where it builds none,
 * `in_root` that it builds that in the system of built-in guests. `confine` (enum confine): its work is kept to the
 * CPUs of `confine_cpus` vCPUs, which `confine_on` lists ("": the agent's choice), and to `confine_bytes` of memory. */
#define PREPARE_FIELDS(T, U, I, S, B) \
    U(T, trial)                       \
    U(T, job)                         \
    U(T, part)                        \
    S(T, workload, MESSAGE_NAME)      \
    S(T, options, MESSAGE_OPTIONS)    \
    B(T, token, MESSAGE_TOKEN)        \
    S(T, address, 64)                 \
    U(T, port)                        \
    S(T, own, 64)                     \
    U(T, is_stock)                    \
    B(T, tree, TREE_HASH)             \
    U(T, in_root)                     \
    U(T, confine)                     \
    U(T, confine_cpus)                \
    S(T, confine_on, MESSAGE_CPUS)    \
    I(T, confine_bytes)
/* agent -> coordinator: ready; `port` is where a serving part listens; `starters` how many threads
 * of this part will do a first operation; `confined` on which CPUs alone, "" for all */
#define READY_FIELDS(T, U, I, S, B) \
    U(T, trial) U(T, job) U(T, part) U(T, port) U(T, starters) I(T, setup_ns) S(T, confined, MESSAGE_CPUS)
/* coordinator -> agent: begin at `at_ns` of your own clock. Spin only where told to, the first
 * starter on the `slot`-th CPU. */
#define ARM_FIELDS(T, U, I, S, B) U(T, trial) I(T, at_ns) U(T, may_spin) U(T, slot)
#define ARMED_FIELDS(T, U, I, S, B) U(T, trial)
/* coordinator -> agent: drop the trial, whatever its state */
#define CANCEL_FIELDS(T, U, I, S, B) U(T, trial) S(T, reason, MESSAGE_REASON)
/* agent -> coordinator: cumulative counters of a flow, as meter_pack writes them */
#define SAMPLE_FIELDS(T, U, I, S, B) U(T, trial) U(T, job) U(T, flow) B(T, points, MESSAGE_POINTS *METER_POINT_BYTES)
/* agent -> coordinator: a flow has ended. Stamps are 0 where the event never came. `arrived_ns` is the
 * kernel's, of the flow's first bytes: of the end that did not send them. `sends` says that this end did the
 * first operation: it sent, or asked. Of datagrams: `lost` requests without a response, `late` ones after a later
 * one, `duplicates`, `failed` sends, and `strange` ones, which also of connections are those of strangers.
 * `latencies` is a histogram of the transactions (hist_pack), empty where there are none; `route` what the work went
 * through: of files where they are, of computing who compiled it. */
#define STREAM_FIELDS(T, U, I, S, B) \
    U(T, trial)                      \
    U(T, job)                        \
    U(T, flow)                       \
    U(T, sends)                      \
    S(T, gate, 16)                   \
    I(T, released_ns)                \
    I(T, first_op_ns)                \
    I(T, last_op_ns)                 \
    I(T, arrived_ns)                 \
    I(T, bytes)                      \
    I(T, operations)                 \
    U(T, retransmits)                \
    U(T, rtt_us)                     \
    U(T, min_rtt_us)                 \
    U(T, mss)                        \
    U(T, send_buffer)                \
    U(T, receive_buffer)             \
    S(T, congestion, 16)             \
    I(T, lost)                       \
    I(T, late)                       \
    I(T, duplicates) I(T, failed) I(T, strange) B(T, latencies, HIST_PACKED_MAX) S(T, route, MESSAGE_ROUTE)
/* agent -> coordinator: a flow has done one of the things that its workload does one after the other (lap.h). The
 * counters are big-endian 64-bit numbers, as many and in the order that the catalogue says; `times` is a histogram
 * (hist_pack), empty where the workload has none. */
#define LAP_FIELDS(T, U, I, S, B) \
    U(T, trial)                   \
    U(T, job)                     \
    U(T, flow)                    \
    U(T, test)                    \
    U(T, number)                  \
    I(T, first_ns) I(T, last_ns) B(T, counters, MESSAGE_COUNTERS * 8) B(T, times, HIST_PACKED_MAX)
/* agent -> coordinator: all flows of all jobs have ended; what the machine and this process used
 * since the warm-up was over (from ARM on where there is none), and which error counters of its network devices have
 * risen since PREPARE ("" for none) */
#define DONE_FIELDS(T, U, I, S, B) \
    U(T, trial)                    \
    U(T, cpus)                     \
    I(T, wall_ns)                  \
    I(T, machine_used_ns)          \
    I(T, machine_user_ns)          \
    I(T, machine_sys_ns)           \
    I(T, machine_iowait_ns)        \
    I(T, machine_steal_ns)         \
    I(T, process_used_ns)          \
    I(T, process_user_ns)          \
    I(T, process_sys_ns)           \
    S(T, link_errors, 256)
/* agent -> coordinator, before ARMED and DONE (`is_after`): its kernel's clocks (observe/timekeeping.h), or why not */
#define TIMEKEEPING_FIELDS(T, U, I, S, B) \
    U(T, trial)                           \
    U(T, is_after)                        \
    I(T, raw_ns)                          \
    I(T, frequency)                       \
    U(T, tick_us)                         \
    U(T, ticks_s)                         \
    U(T, status)                          \
    U(T, is_synchronized)                 \
    I(T, offset_ns) I(T, slew_ns) I(T, error_ns) S(T, clocksource, 32) S(T, unknown, 80)
/* agent -> coordinator: what was stolen from its machine from `from_ns` to `to_ns` after T, in ticks of 10 ms */
#define AROUND_FIELDS(T, U, I, S, B) U(T, trial) U(T, cpus) I(T, from_ns) I(T, to_ns) I(T, steal_ns)
/* agent -> coordinator, before DONE: what a stock netserver says of a flow; `unsaid` is why it says nothing, as
 * a rule "". `cpu_ppm` is the share of all its
 * CPUs that was in use by netperf's rule (iowait and steal are busy), -1 when it does not tell. */
#define NETSERVER_FIELDS(T, U, I, S, B) \
    U(T, trial)                         \
    U(T, job)                           \
    U(T, flow)                          \
    I(T, received) I(T, sent) I(T, operations) I(T, elapsed_ns) I(T, cpu_ppm) U(T, cpus) S(T, unsaid, 160)
/* agent -> coordinator: the trial cannot go on here */
#define FAILED_FIELDS(T, U, I, S, B) U(T, trial) S(T, reason, MESSAGE_REASON)
/* coordinator -> agent: the run is over; wait for the next */
#define BYE_FIELDS(T, U, I, S, B) S(T, reason, MESSAGE_REASON)

/* The clock probes where UDP does not get through: coordinator -> agent, and back with the stamps of
 * receipt and answer. Slower by the way through two message queues, so the bounds are wider. */
#define ASK_FIELDS(T, U, I, S, B) I(T, sequence)
#define ANSWER_FIELDS(T, U, I, S, B) I(T, sequence) I(T, t2_ns) I(T, t3_ns)

/* agent -> coordinator, a map, with a token's key: record `public_key` (Z85) as that of the node
 * `name`. The one message that a token may send. Answered by GRANTED or REFUSED. */
#define ENROL_FIELDS(T, U, I, S, B) \
    S(T, magic, 8)                  \
    U(T, major)                     \
    U(T, minor) S(T, program, 16) S(T, version, 32) S(T, name, MESSAGE_NAME) S(T, public_key, MESSAGE_KEY_TEXT)
/* coordinator -> agent, a map: the key is recorded; connect anew with it */
#define GRANTED_FIELDS(T, U, I, S, B) \
    S(T, magic, 8)                    \
    U(T, major)                       \
    U(T, minor) S(T, name, MESSAGE_NAME)

/* coordinator -> a host's agent: start a guest, or have it ready to be lent (`purpose`). `domain` is an existing one;
 * else it is built-in, made as `options` say (GUEST_SCHEMA), and its agent gets the keys and `address`. `attempt` comes
 * back in each GUEST_STATE. `tree`: what a guest with a compiler shall have to build, which the host has; empty for
 * nothing. */
#define GUEST_START_FIELDS(T, U, I, S, B) \
    S(T, guest, MESSAGE_NAME)             \
    U(T, attempt)                         \
    U(T, purpose)                         \
    S(T, domain, MESSAGE_NAME)            \
    S(T, options, MESSAGE_OPTIONS)        \
    S(T, address, 64)                     \
    S(T, server_key, MESSAGE_KEY_TEXT)    \
    S(T, public_key, MESSAGE_KEY_TEXT) S(T, secret_key, MESSAGE_KEY_TEXT) B(T, tree, TREE_HASH)
/* coordinator -> agent: end it; an existing domain is put back as it was found. Answered by GUEST_STATE, of the guest
 * that there is or, where there is none, of that `attempt` */
#define GUEST_STOP_FIELDS(T, U, I, S, B) S(T, guest, MESSAGE_NAME) U(T, attempt)
/* coordinator -> agent: what is to become of a guest that it has started (GUEST_HOLD_*) */
#define GUEST_HOLD_FIELDS(T, U, I, S, B) S(T, guest, MESSAGE_NAME) U(T, hold)
/* coordinator -> agent of a host: the guest that it lent to a trial has joined, at `at_ns` of the host's own clock */
#define GUEST_HERE_FIELDS(T, U, I, S, B) S(T, guest, MESSAGE_NAME) U(T, attempt) I(T, at_ns)
/* agent -> coordinator: how far a guest is (GUEST_STATES), and that the next word of it comes within
 * `within_ns`. Stamps are 0 where it is not there yet; `console` is the end of what it showed. */
#define GUEST_STATE_FIELDS(T, U, I, S, B) \
    S(T, guest, MESSAGE_NAME)             \
    U(T, attempt)                         \
    U(T, state)                           \
    I(T, within_ns)                       \
    S(T, text, MESSAGE_REASON)            \
    S(T, accel, 8)                        \
    S(T, product, 64)                     \
    I(T, asked_ns) I(T, defined_ns) I(T, running_ns) I(T, booted_ns) I(T, stopped_ns) S(T, console, 1024)
/* agent -> coordinator, after WELCOME and whenever one of them changes: the host's virtual machines,
 * as JSON (node/guests/listing.h) */
#define DOMAINS_FIELDS(T, U, I, S, B) S(T, json, 16384)
/* coordinator -> agent of a host: from now on, or (begin 0) up to now, see what CPU time the machine and each guest
 * uses; `watch` is the number of that observation. Begun anew under its number it begins then: the warm-up is over.
 * `at_ns`: T on the host's own clock; 0: not known, or past. */
#define WATCH_FIELDS(T, U, I, S, B) U(T, watch) U(T, begin) I(T, at_ns)
/* agent -> coordinator: what a guest used meanwhile, and last, with an empty name, the machine. -1 where it cannot be
 * told. `tap` is the device of the host that leads to the guest, with what it is shaped to (0: it is not) and the bytes
 * that it has sent and received; those of an empty guest are of the port by which the guests' bridge leads out.
 * `load_milli`: how many were running or ready here before it, in the last minute, times 1000. `touched_bytes` of a
 * guest's memory were touched for the first time. `disks`: a line each, as node/guests/disks.h has them. `around_...`:
 * what its vCPUs did around T (node/guests/vigil.h). `strays`: threads that left its envelope, -1 where it is in none.
 * `group`: the control group whose time `used_ns` is, "" where it is that of the guest's process and its vhost. */
#define WATCHED_FIELDS(T, U, I, S, B) \
    U(T, watch)                       \
    S(T, guest, MESSAGE_NAME)         \
    U(T, cpus)                        \
    I(T, wall_ns)                     \
    I(T, used_ns)                     \
    I(T, user_ns)                     \
    I(T, sys_ns)                      \
    I(T, iowait_ns)                   \
    I(T, steal_ns)                    \
    I(T, vcpu_ns)                     \
    I(T, emulator_ns)                 \
    I(T, vhost_ns)                    \
    I(T, wait_ns)                     \
    I(T, exits)                       \
    I(T, halt_poll_ns)                \
    U(T, others)                      \
    S(T, tap, 16)                     \
    I(T, shaped_bit_s)                \
    U(T, shaped_overhead)             \
    I(T, sent)                        \
    I(T, received)                    \
    U(T, load_milli)                  \
    I(T, memory_bytes)                \
    I(T, touched_bytes)               \
    S(T, disks, 1024)                 \
    U(T, around_vcpus)                \
    I(T, around_from_ns)              \
    I(T, around_to_ns) I(T, around_run_ns) I(T, around_wait_ns) I(T, around_worst_ns) I(T, strays) S(T, group, 200)
/* agent -> coordinator, ten times a second while it watches: whether a guest's domain runs, and all its CPU time
 * so far */
#define WATCHING_FIELDS(T, U, I, S, B) \
    U(T, watch)                        \
    S(T, guest, MESSAGE_NAME) U(T, is_running) I(T, raw_ns) I(T, cpu_ns)

/* coordinator -> agent of a host: keep to its envelope's CPUs what `part` (enum enclose_part) says of `guest`, and put
 * back what was kept before; to ENCLOSE_LOOK it says which CPUs, of its `vcpus`, these are, and by which device the
 * guest's network leads out: with the others that is said again. */
#define ENCLOSE_FIELDS(T, U, I, S, B) \
    U(T, number)                      \
    S(T, guest, MESSAGE_NAME)         \
    U(T, part)                        \
    U(T, vcpus)                       \
    S(T, cpus, MESSAGE_CPUS) S(T, uplink, MESSAGE_DEVICE)
/* agent -> coordinator, to all but ENCLOSE_NOTHING: it is so, but for what stays `outside`; or `why` it is not */
#define ENCLOSED_FIELDS(T, U, I, S, B) \
    U(T, number)                       \
    S(T, cpus, MESSAGE_CPUS)           \
    S(T, uplink, MESSAGE_DEVICE)       \
    S(T, outside, 200) S(T, why, MESSAGE_REASON)

/* coordinator -> agent of a host: let all pages of its guests' disks go from memory; `cool` comes back */
#define COOL_FIELDS(T, U, I, S, B) U(T, cool)
/* agent -> coordinator: how many pages a guest's images have, and how many stayed (-1: cannot be looked at), and
 * whether the host opens any through its page cache; last, with an empty name, that this is all */
#define COOLED_FIELDS(T, U, I, S, B) U(T, cool) S(T, guest, MESSAGE_NAME) U(T, cached) I(T, pages) I(T, resident)

/* The source tree of a compile, to who builds it (tree.h): coordinator -> agent, what there is; ... */
#define TREE_OFFER_FIELDS(T, U, I, S, B) B(T, hash, TREE_HASH) I(T, size)
/* ... agent -> coordinator, how far it is (enum tree_state), and that the next word of it comes within `within_ns`;
 * `again`: what follows goes on from `held`, whatever has been sent; `text` says why, where there is a reason; ... */
#define TREE_STATE_FIELDS(T, U, I, S, B) \
    B(T, hash, TREE_HASH)                \
    U(T, state)                          \
    U(T, again) I(T, held) I(T, upto) I(T, within_ns) S(T, text, MESSAGE_REASON)
/* ... coordinator -> agent, a piece of it, with its own sum. */
#define TREE_CHUNK_FIELDS(T, U, I, S, B) \
    B(T, hash, TREE_HASH) I(T, offset) B(T, sum, TREE_SUM) B(T, data, TREE_CHUNK_BYTES)

#define U_MEMBER(T, name) uint32_t name;
#define I_MEMBER(T, name) int64_t name;
#define S_MEMBER(T, name, max) char name[max];
#define B_MEMBER(T, name, max) \
    size_t name##_size;        \
    unsigned char name[max];
#define MESSAGE_STRUCT(number, NAME, member)                    \
    struct message_##member {                                   \
        NAME##_FIELDS(, U_MEMBER, I_MEMBER, S_MEMBER, B_MEMBER) \
    };
MESSAGES(MESSAGE_STRUCT)

#define MESSAGE_ENUM(number, NAME, member) MESSAGE_##NAME = number,
enum message_type { MESSAGES(MESSAGE_ENUM) };

#define MESSAGE_MEMBER(number, NAME, member) struct message_##member member;
struct message {
    enum message_type type;
    union {
        MESSAGES(MESSAGE_MEMBER)
    };
};

/* Append the frame of `m` to `out`. Fails only where a field holds more than its limit. */
MUST_CHECK bool message_encode(const struct message *m, msgpack_sbuffer *out, struct err *e);

/* Read one frame from the network into `m`. Refuses, with one line that names message and field:
 * unknown types, wrong counts, kinds, ranges and sizes, and anything after the end. Allocates
 * nothing in proportion to what the frame claims. Of a HELLO unknown keys are skipped, a known
 * one that comes twice is refused; one of another major version may lack keys, its `major` is read
 * all the same. */
MUST_CHECK bool message_decode(const void *frame, size_t size, struct message *m, struct err *e);

const char *message_name(enum message_type type);

/* What `magic` says in those that are maps; NULL for the others. */
const char *message_magic(enum message_type type);

/* The n-th message of the list, NULL past its end: for tests and fuzz seeds. */
const enum message_type *message_nth(size_t n);

#endif
