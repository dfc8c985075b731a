#include "spinners.h"

#include <string.h>

bool spinners_may_spin(const struct spinner *all, size_t count, size_t which)
{
    uint64_t of_kernel = 0, of_machine = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].kernel, all[which].kernel) == 0)
            of_kernel += all[i].starters;
        if (strcmp(all[i].machine, all[which].machine) == 0)
            of_machine += all[i].starters;
    }
    return of_kernel <= all[which].cpus && of_machine <= all[which].machine_cpus;
}

uint32_t spinners_slot(const struct spinner *all, size_t which)
{
    uint32_t before = 0;
    for (size_t i = 0; i < which; i++)
        if (strcmp(all[i].kernel, all[which].kernel) == 0)
            before += all[i].starters;
    return before;
}
