/* network.h - the links of a lab: the switch, its ports and their shaping, made by ip and tc
 * (iproute2) inside the lab's namespaces. */
#ifndef TARE_LAB_NETWORK_H
#define TARE_LAB_NETWORK_H

#include "lab/record.h"

enum { LAB_ADDRESS = 40 };

/* Of a machine's port: "10.77.0.2" or "fd74:6172:65::2"; the switch has none. */
const char *lab_network_address(const struct lab_record *record, int machine, char out[LAB_ADDRESS]);

/* The same of the n-th guest, from 0, with the length of its prefix: "10.77.0.100/24". */
const char *lab_network_guest_address(const struct lab_record *record, size_t n, char out[LAB_ADDRESS]);

/* Where the agents dial the coordinator: "tcp://10.77.0.1:5670". */
const char *lab_network_endpoint(const struct lab_record *record);

/* Build all links of the lab; shaped where `record` says so. */
MUST_CHECK bool lab_network_make(const struct lab_record *record, struct err *e);

/* Shape the ports of a lab whose record says that they are, or lift that for a while. */
MUST_CHECK bool lab_network_shape(const struct lab_record *record, bool is_shaped, struct err *e);

#endif
