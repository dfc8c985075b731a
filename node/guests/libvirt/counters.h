/* counters.h - what libvirt's statistics of a domain say of KVM. Pure. */
#ifndef TARE_LIBVIRT_COUNTERS_H
#define TARE_LIBVIRT_COUNTERS_H

#include <stdint.h>

#include <libvirt/libvirt.h>

/* Of the parameters of virDomainListGetStats with VIR_DOMAIN_STATS_VCPU, _VM and _CPU_TOTAL, by the names that
 * https://libvirt.org/html/libvirt-libvirt-domain.html gives them; -1 where they are not told, as without KVM. */
int64_t counters_exits(const virTypedParameter *parameters, int count); /* vcpu.N.exits.sum, of all vCPUs */
int64_t counters_halt_poll_ns(const virTypedParameter *parameters,
                              int count); /* cpu.haltpoll.success.time and .fail.time */

#endif
