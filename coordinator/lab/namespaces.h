/* namespaces.h - the processes that keep a lab's namespaces open.
 *
 * The lab's init is PID 1 of its PID namespace and the switch's machine; host, peer and coordinator
 * are a child of it each, in a network namespace of their own. When init ends, for whatever reason,
 * the kernel ends everything in the PID namespace, and with it the namespaces.
 */
#ifndef TARE_LAB_NAMESPACES_H
#define TARE_LAB_NAMESPACES_H

#include "lab/record.h"

/* Start them, as `record` says (way, stays, shifted); fills `machines` in. They end at once unless
 * `*commit` is given to lab_namespaces_commit; closing it is the other choice. Output of init goes
 * to `log_path`. */
MUST_CHECK bool lab_namespaces_start(struct lab_record *record, const char *log_path, int *commit, struct err *e);
MUST_CHECK bool lab_namespaces_commit(int commit, struct err *e);

/* Kill init and wait until all that lived with it is gone. True also when it was gone already. */
MUST_CHECK bool lab_namespaces_end(const struct lab_record *record, struct err *e);

/* How to build a lab here: root's way with CAP_SYS_ADMIN and CAP_NET_ADMIN. */
enum lab_way lab_namespaces_way(void);

#endif
