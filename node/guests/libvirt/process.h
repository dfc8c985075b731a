/* process.h - which process a domain of QEMU is. */
#ifndef TARE_LIBVIRT_PROCESS_H
#define TARE_LIBVIRT_PROCESS_H

#include <sys/types.h>

/* By the name that libvirt gives QEMU on its command line (-name guest=NAME,...), which everybody may
 * read; 0 when there is none. Looks at every process of the machine: a few milliseconds. */
pid_t process_of_domain(const char *domain);

#endif
