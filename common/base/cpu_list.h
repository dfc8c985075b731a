/* cpu_list.h - "0-3,8": CPUs as the kernel, libvirt and people list them. */
#ifndef TARE_CPU_LIST_H
#define TARE_CPU_LIST_H

#include <stdbool.h>

/* CPUs are numbered up to here. */
enum { CPU_LIST_MOST = 65535 };

/* Take the range in front of `*list`, one CPU is a range, and go behind it and its comma. False at the end, and where
 * no range stands: `**list` tells which. */
bool cpu_list_next(const char **list, int *first, int *last);

/* How many CPUs it lists; 0 when it is no such list, or an empty one. */
int cpu_list_count(const char *list);

#endif
