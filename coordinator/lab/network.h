/* network.h - the links of a lab: the switch, its ports and their shaping, made by ip and tc
 * (iproute2) inside the lab's namespaces. */
#ifndef TARE_LAB_NETWORK_H
#define TARE_LAB_NETWORK_H

#include "lab/record.h"

#define LAB_SUBNET "10.77.0"
#define LAB_ENDPOINT "tcp://" LAB_SUBNET ".1:5670" /* the coordinator's */

/* Address of a machine's port, "10.77.0.2"; NULL for the switch. */
const char *lab_network_address(enum lab_machine machine);

/* Build all links of the lab; shaped where `record` says so. */
MUST_CHECK bool lab_network_make(const struct lab_record *record, struct err *e);

#endif
