/* domain_xml.h - a guest as libvirt's XML (https://libvirt.org/formatdomain.html). Pure. */
#ifndef TARE_DOMAIN_XML_H
#define TARE_DOMAIN_XML_H

#include <stddef.h>

#include "guests/provider.h"

enum { DOMAIN_XML_MAX = 16 * 1024 };

/* `tap`: a port on the bridge that is there already, "" where libvirt makes one. Fails where it does not fit into
 * `size`, or a list of CPUs is none. */
MUST_CHECK bool domain_xml_write(const struct machine *machine, const char *tap, char *xml, size_t size, struct err *e);

/* "kvm" or "tcg" from what libvirt says of a domain; "" where it is neither. */
const char *domain_xml_accel(const char *xml);

#endif
