/* probe_window.h - which clock probes were asked, and when; each is answered once.
 *
 * A ring of the last 256: what was never asked, was answered already, or was asked too long ago is
 * refused, so an answer that was recorded and is sent again finds nothing. At 100 probes a second an
 * answer may be 2.5 s late, far more than any queue on its way makes it. When the answer really left is
 * told later, once.
 */
#ifndef TARE_PROBE_WINDOW_H
#define TARE_PROBE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { PROBE_WINDOW_SIZE = 256 };

enum probe_state { PROBE_CLOSED, PROBE_ASKED, PROBE_ANSWERED };

struct probe_slot {
    enum probe_state state;
    bool is_t1_kernel, is_received_kernel; /* the kernel's stamps: of the ASK's departure; of both arrivals */
    int64_t t1_ns, t4_ns;
};

/* Starts as all zeros, and takes its 6 KB with the first question: most nodes of a large lab are asked
 * nothing. */
struct probe_window {
    uint64_t asked;           /* sequences 1 to `asked` were given out */
    struct probe_slot *slots; /* PROBE_WINDOW_SIZE of them, owned; that of a sequence: by its remainder */
};

/* All zeros again. */
void probe_window_clear(struct probe_window *window);

/* The sequence for a probe sent at `t1_ns`; 0, which is none, when memory is out. */
uint64_t probe_window_ask(struct probe_window *window, int64_t t1_ns);

/* The kernel's stamp of the departure, which is known only after it, instead of the one given to
 * probe_window_ask. False when the probe was answered already, or is out of the window. */
bool probe_window_stamp(struct probe_window *window, uint64_t sequence, int64_t t1_ns);

/* It was answered, received at `t4_ns`. The slot tells when it was sent; NULL for one that waits for no
 * answer. */
const struct probe_slot *probe_window_take(struct probe_window *window, uint64_t sequence, int64_t t4_ns,
                                           bool is_received_kernel);

/* More is known of an answer that was taken: the slot tells when it was received. NULL for one that was
 * not, or of which this was asked already. */
const struct probe_slot *probe_window_again(struct probe_window *window, uint64_t sequence);

/* Whatever was asked until now, its answers come too late. */
void probe_window_forget(struct probe_window *window);

#endif
