/* guest.h - what a built-in guest can be asked to be: a scenario's `built_in:`, and the order to the
 * host's agent. Data, no code. */
#ifndef TARE_GUEST_H
#define TARE_GUEST_H

#include <stdint.h>

#include "schema/schema.h"

enum guest_accel { GUEST_ACCEL_AUTO, GUEST_ACCEL_KVM, GUEST_ACCEL_TCG };

enum { GUEST_OPTIONS = 2048 };

/* To what a guest's host keeps its work, to be compared with it: nothing; the CPUs and the memory that the guest sees;
 * that, and the guest's own processes to the same CPUs. */
#define CONFINE_CHOICES "none|visible|envelope"
enum confine { CONFINE_NONE, CONFINE_VISIBLE, CONFINE_ENVELOPE };

struct guest_options {
    int64_t vcpus;
    int64_t memory_bytes;
    int accel;          /* enum guest_accel */
    char cpu[64];       /* "": all that the accelerator can give */
    char pin[128];      /* "": none; "0-1,3": the CPUs of the host for its vCPUs, one each in turn */
    char emulator[128]; /* "": none; the CPUs for QEMU's other threads */
    int nic;            /* guest_nic_name */
    int64_t disk_bytes; /* 0: none */
    int disk_cache;     /* guest_disk_cache_name */
    bool huge_pages;
    bool compiler;    /* a disk with a system to build in */
    char bridge[16];  /* "": the one that carries the host's own address */
    char address[64]; /* "": given by the lab, elsewhere asked for by DHCP */
    char gateway[64];
    char extra_xml[500]; /* goes into <devices>; "" */
};

/* The model of its network card, as libvirt and QEMU call it. */
const char *guest_nic_name(const struct guest_options *options);

/* How its host opens the disk's image, as libvirt and QEMU call it, and by which calls it reads and writes it. */
const char *guest_disk_cache_name(const struct guest_options *options);
const char *guest_disk_io_name(const struct guest_options *options);

/* Its keys, in the order in which they are explained. */
extern const struct schema GUEST_SCHEMA;

#endif
