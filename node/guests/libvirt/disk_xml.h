/* disk_xml.h - a domain's disks, from the XML that libvirt writes of it
 * (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms). Pure.
 */
#ifndef TARE_DISK_XML_H
#define TARE_DISK_XML_H

#include "guests/provider.h"

/* Those with an image or a device of their own, at most `most`; how many. What is not said stays empty. It reads what
 * libvirt has written, one element a line with its attributes between quotes, and of other text finds no disk. */
size_t disk_xml_read(const char *xml, struct domain_disk *disks, size_t most);

#endif
