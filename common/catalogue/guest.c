#include "guest.h"

#include <string.h>

#include "base/cpu_list.h"
#include "base/ip.h"
#include "base/text.h"

#define NIC_LIST(N) N("virtio") N("e1000") N("e1000e") N("rtl8139")
#define NIC_CHOICE(name) "|" name
#define NIC_NAME(name) name,
static const char NICS[] = NIC_LIST(NIC_CHOICE);
static const char *const NIC_NAMES[] = { NIC_LIST(NIC_NAME) };

#define CACHE_LIST(C) C("none") C("writeback") C("writethrough") C("directsync") C("unsafe")
#define CACHE_CHOICE(name) "|" name
#define CACHE_NAME(name) name,
static const char CACHES[] = CACHE_LIST(CACHE_CHOICE);
static const char *const CACHE_NAMES[] = { CACHE_LIST(CACHE_NAME) };

/* ---- what a text must be ---- */

static bool check_cpus(const char *text, struct err *e)
{
    return cpu_list_count(text) > 0 || err_set(e, ERR_USAGE, "'%.40s' is no list of CPUs, as in 0-1,3", text);
}

static bool check_address(const char *text, struct err *e)
{
    struct ip address;
    int length;
    return strcmp(text, "dhcp") == 0 || (strchr(text, '/') && ip_parse_prefix(text, &address, &length)) ||
           err_set(e, ERR_USAGE, "'%.40s' is no address with its network's length, as in 10.0.0.7/24, nor dhcp", text);
}

static bool check_gateway(const char *text, struct err *e)
{
    struct ip address;
    return ip_parse(text, &address) || err_set(e, ERR_USAGE, "'%.40s' is no address, as in 10.0.0.1", text);
}

/* What the kernel takes for a device. */
static bool check_device(const char *text, struct err *e)
{
    return !strpbrk(text, " /:%") || err_set(e, ERR_USAGE, "'%.40s' is no name of a bridge, as in br0", text);
}

static bool check_model(const char *text, struct err *e)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return strspn(text, LETTERS) == strlen(text) ||
           err_set(e, ERR_USAGE, "'%.40s' is no CPU model, as in Skylake-Client", text);
}

/* The rest is for libvirt to say, which knows what may stand there. */
static bool check_xml(const char *text, struct err *e)
{
    size_t length = strlen(text);
    return (length > 2 && text[0] == '<' && text[length - 1] == '>') ||
           err_set(e, ERR_USAGE, "'%.40s' is no XML of devices, as in <rng model='virtio'>...</rng>", text);
}

#define MIB(n) (INT64_C(1024) * 1024 * (n))
#define AT(member) offsetof(struct guest_options, member)

/* clang-format off */
static const struct field FIELDS[] = {
    { .key = "vcpus", .kind = FIELD_INT, .offset = AT(vcpus), .min = 1, .max = 256, .fallback = "1",
      .doc = "virtual CPUs" },
    { .key = "memory", .kind = FIELD_SIZE, .offset = AT(memory_bytes), .min = MIB(128), .max = MIB(INT64_C(4) * 1024 * 1024),
      .fallback = "512MiB", .doc = "of the guest" },
    { .key = "accel", .kind = FIELD_CHOICE, .offset = AT(accel), .choices = "auto|kvm|tcg", .fallback = "auto",
      .doc = "auto tries KVM and emulates where that does not work; kvm and tcg take nothing else" },
    { .key = "cpu", .kind = FIELD_TEXT, .offset = AT(cpu), .capacity = 64, .check = check_model, .fallback = "",
      .doc = "libvirt's CPU model; empty is host-passthrough with KVM, maximum without" },
    { .key = "pin", .kind = FIELD_TEXT, .offset = AT(pin), .capacity = 128, .check = check_cpus, .fallback = "",
      .doc = "CPUs of the host that the vCPUs stay on, as in 0-1,3: one each in turn" },
    { .key = "emulator", .kind = FIELD_TEXT, .offset = AT(emulator), .capacity = 128, .check = check_cpus, .fallback = "",
      .doc = "CPUs of the host that QEMU's other threads stay on" },
    { .key = "nic", .kind = FIELD_CHOICE, .offset = AT(nic), .choices = NICS + 1, .fallback = "virtio",
      .doc = "model of its network card" },
    { .key = "disk", .kind = FIELD_SIZE, .offset = AT(disk_bytes), .min = 0, .max = MIB(INT64_C(1024) * 1024), .fallback = "0B",
      .doc = "a disk of its own, raw and preallocated, with an ext4 on /var/tmp; 0 is none" },
    { .key = "disk_cache", .kind = FIELD_CHOICE, .offset = AT(disk_cache), .choices = CACHES + 1, .fallback = "none",
      .doc = "how the host opens the disk's image: none and directsync go around its page cache, the others through it" },
    { .key = "compiler", .kind = FIELD_BOOL, .offset = AT(compiler), .fallback = "false",
      .doc = "a small Debian to build in, for compile; its host builds in the same one, whose agent makes it once" },
    { .key = "huge_pages", .kind = FIELD_BOOL, .offset = AT(huge_pages), .fallback = "false",
      .doc = "its memory from the host's huge pages" },
    { .key = "bridge", .kind = FIELD_TEXT, .offset = AT(bridge), .capacity = 16, .check = check_device, .fallback = "",
      .doc = "the host's bridge that its card is on; empty is the one that carries the host's own address" },
    { .key = "address", .kind = FIELD_TEXT, .offset = AT(address), .capacity = 64, .check = check_address, .fallback = "",
      .doc = "as in 10.0.0.7/24; empty is given by the lab, elsewhere by DHCP" },
    { .key = "gateway", .kind = FIELD_TEXT, .offset = AT(gateway), .capacity = 64, .check = check_gateway, .fallback = "",
      .doc = "where the coordinator or the peer is in another network" },
    { .key = "extra_xml", .kind = FIELD_TEXT, .offset = AT(extra_xml), .capacity = 500, .check = check_xml, .fallback = "",
      .doc = "more devices, in libvirt's XML; the host's agent must have --allow extra-xml" },
};
/* clang-format on */

const struct schema GUEST_SCHEMA = { "built_in", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct guest_options) };

const char *guest_nic_name(const struct guest_options *options)
{
    return NIC_NAMES[(size_t)options->nic < ARRAY_SIZE(NIC_NAMES) ? options->nic : 0];
}

const char *guest_disk_cache_name(const struct guest_options *options)
{
    return CACHE_NAMES[(size_t)options->disk_cache < ARRAY_SIZE(CACHE_NAMES) ? options->disk_cache : 0];
}

/* The kernel's asynchronous calls block on what goes through the page cache, so QEMU takes threads there. */
const char *guest_disk_io_name(const struct guest_options *options)
{
    const char *cache = guest_disk_cache_name(options);
    return strcmp(cache, "none") == 0 || strcmp(cache, "directsync") == 0 ? "native" : "threads";
}
