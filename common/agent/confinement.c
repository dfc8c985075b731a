#include "confinement.h"

#include <errno.h>

#include "base/cpu_list.h"
#include "base/text.h"

/* CPU number `n` of the list, counted round; -1 where it is no list. */
static int nth_of(const char *list, uint32_t n)
{
    int first, last, count = cpu_list_count(list);
    if (count == 0)
        return -1;
    for (int left = (int)(n % (uint32_t)count); cpu_list_next(&list, &first, &last); left -= last - first + 1)
        if (left <= last - first)
            return first + left;
    return -1;
}

bool confinement_cpus(const char *list, uint32_t count, cpu_set_t *cpus, struct err *e)
{
    cpu_set_t allowed, made;
    CPU_ZERO(&made);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return err_errno(e, errno, "which CPUs there are cannot be told");
    for (uint32_t i = 0; *list && i < count; i++) {
        int cpu = nth_of(list, i);
        if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &allowed))
            return err_set(e, ERR_USAGE, "the guest is on CPUs %.40s, and this agent may not use all of them", list);
        CPU_SET((size_t)cpu, &made);
    }
    for (size_t cpu = 0; !*list && cpu < CPU_SETSIZE && (uint32_t)CPU_COUNT(&made) < count; cpu++)
        if (CPU_ISSET(cpu, &allowed))
            CPU_SET(cpu, &made);
    *cpus = made;
    return true;
}

bool confinement_set(const char *list, cpu_set_t *cpus)
{
    int first, last;
    CPU_ZERO(cpus);
    while (cpu_list_next(&list, &first, &last))
        for (int cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
            CPU_SET((size_t)cpu, cpus);
    return *list == '\0' && CPU_COUNT(cpus) > 0;
}

bool confinement_list(const cpu_set_t *cpus, char *list, size_t size)
{
    bool ok = true;
    *list = '\0';
    for (int cpu = 0; ok && cpu < CPU_SETSIZE; cpu++) {
        int last = cpu;
        if (!CPU_ISSET((size_t)cpu, cpus))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET((size_t)last + 1, cpus))
            last++;
        ok = text_append(list, size, "%s%d", *list ? "," : "", cpu) &&
             (last == cpu || text_append(list, size, "-%d", last));
        cpu = last;
    }
    return ok;
}

bool confinement_begin(const struct message_prepare *order, struct confinement *c, struct err *e)
{
    struct confinement made = { .bytes = order->confine_bytes, .group = { .lock_fd = -1 } };
    if (order->confine_cpus == 0 || order->confine_bytes <= 0)
        return err_set(e, ERR_PARTIAL, "a damaged PREPARE");
    if (!confinement_cpus(order->confine_on, order->confine_cpus, &made.cpus, e) ||
        (!confinement_list(&made.cpus, made.list, sizeof made.list) &&
         !err_set(e, ERR_USAGE, "too many CPUs here and there to be listed")) ||
        !memory_group_enter("", order->confine_bytes, &made.group, e))
        return err_wrap(e, "confine");
    *c = made;
    return true;
}

bool confinement_bind(const struct confinement *c, struct err *e)
{
    return sched_setaffinity(0, sizeof c->cpus, &c->cpus) == 0 ||
           err_errno(e, errno, "confine: CPUs %s cannot be kept to", c->list);
}

void confinement_end(struct confinement *c) { memory_group_leave(&c->group); }
