/* listing.h - a host's virtual machines as JSON, for `tare guests`:
 *
 *   {"provider": "libvirt", "uri": "qemu:///system", "product": "QEMU", "version": "7.2.22",
 *    "library": "9.0.0", "why": null, "kvm": null,
 *    "domains": [{"name", "state", "vcpus", "memory", "accel", "ours"}], "more": 0}
 *
 * "why" says why there are none to see, "kvm" why KVM is not used here, "more" how many domains did
 * not fit.
 */
#ifndef TARE_LISTING_H
#define TARE_LISTING_H

#include "guests/provider.h"

struct listing {
    const char *provider;               /* NULL where none could be loaded */
    const struct provider_facts *facts; /* NULL where there is no connection */
    const char *why, *kvm;              /* "" for none */
    const struct domain *domains;
    size_t count;
};

/* Pure. What does not fit is counted; fails when not even the head does. */
MUST_CHECK bool listing_write(const struct listing *listing, char *json, size_t size, struct err *e);

const char *domain_state_word(enum domain_state state);

#endif
