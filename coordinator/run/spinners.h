/* spinners.h - who may spin for the start, and on which CPU. Pure.
 *
 * Spinning, above all under SCHED_FIFO, is only for those whose physical machine has a CPU for each of its
 * spinners: those of every kernel that runs there, for a spinning host would shut out its guest's vCPU.
 * With too many nobody there spins.
 */
#ifndef TARE_SPINNERS_H
#define TARE_SPINNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spinner {
    const char *kernel;  /* boot_id: nodes of one kernel share its CPUs */
    const char *machine; /* boot_id of the kernel that owns the CPUs: the host's, for a guest whose host is known */
    uint32_t cpus;       /* that the node may use of its kernel's */
    uint32_t machine_cpus;
    uint32_t starters; /* how many of its threads have a first operation */
};

bool spinners_may_spin(const struct spinner *all, size_t count, size_t which);

/* The CPU of its kernel, counted round, that its first starter takes. */
uint32_t spinners_slot(const struct spinner *all, size_t which);

#endif
