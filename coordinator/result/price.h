/* price.h - what a trial cost the hosts of its guests, from what they saw. Pure.
 *
 * Costs: of a guest `domain`, its process and what serves it, and the parts of that; of a host that only
 * watched `machine`. Each host's machine gets its idle baseline: what it uses without work in the same
 * state of its guests, measured for a second before. Figures of a guest's streams: vm_exits, halt_poll,
 * where the product tells them. Of a host's streams: idle_tax_GUEST, the CPUs that a guest took which was there
 * and had no work. A guest whose memory is touched for the first time in the trial is flagged first-touch.
 */
#ifndef TARE_PRICE_H
#define TARE_PRICE_H

#include "result/model.h"
#include "result/raw.h"

/* Behind the streams and the nodes' own costs. False when memory is out. */
MUST_CHECK bool price_add(const struct raw_trial *raw, struct trial *trial);

#endif
