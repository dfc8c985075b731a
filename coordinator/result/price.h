/* price.h - what a trial cost the hosts of its guests, from what they saw. Pure.
 *
 * Costs: of a guest `domain`, its process and what serves it, and the parts of that; of a host that only
 * watched `machine`. Each host's machine gets its idle baseline: what it uses without work in the same
 * state of its guests, measured for a second before; what of it is in none of the parts is `unattributed`. Figures of a
 * guest's streams: vm_exits, halt_poll, where the product tells them; tap_sent, tap_received (bytes of the device that
 * leads to it, seen from the host) and uplink_sent, uplink_received (of the port by which its bridge leads out), all in
 * the window of the price; tap_shaped and tap_overhead (what is shaped there, and counted with each frame); host_load
 * (of a minute, before) and host_domains (others that ran). A stream of role domain has the guest's CPU as a series. Of
 * a host's streams: idle_tax_GUEST, the CPUs that a guest took which was there and had no work. A guest whose memory is
 * touched for the first time in the trial is flagged first-touch.
 */
#ifndef TARE_PRICE_H
#define TARE_PRICE_H

#include "result/model.h"
#include "result/raw.h"

/* Behind the streams and the nodes' own costs. False when memory is out. */
MUST_CHECK bool price_add(const struct raw_trial *raw, struct trial *trial);

#endif
