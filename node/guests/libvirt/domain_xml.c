#include "domain_xml.h"

#include <inttypes.h>
#include <string.h>

#include "base/cpu_list.h"
#include "base/text.h"

/* The text being written; `fits` tells whether all of it did. */
struct writer {
    char *xml;
    size_t size;
    bool fits;
};

#define PUT(w, ...) ((w)->fits = text_append((w)->xml, (w)->size, __VA_ARGS__) && (w)->fits)

/* `value` between two pieces of markup. */
static void put_value(struct writer *w, const char *before, const char *value, const char *after)
{
    PUT(w, "%s", before);
    for (; *value; value++) {
        const char *entity = *value == '<'    ? "&lt;"
                             : *value == '>'  ? "&gt;"
                             : *value == '&'  ? "&amp;"
                             : *value == '\'' ? "&apos;"
                             : *value == '"'  ? "&quot;"
                                              : NULL;
        if (entity)
            PUT(w, "%s", entity);
        else
            PUT(w, "%c", *value);
    }
    PUT(w, "%s", after);
}

/* The vCPUs, one CPU each in turn. */
static void put_vcpu_pins(struct writer *w, const struct guest_options *o)
{
    int vcpu = 0, first, last;
    while (vcpu < (int)o->vcpus)
        for (const char *list = o->pin; vcpu < (int)o->vcpus && cpu_list_next(&list, &first, &last);)
            for (int cpu = first; cpu <= last && vcpu < (int)o->vcpus; cpu++)
                PUT(w, "    <vcpupin vcpu='%d' cpuset='%d'/>\n", vcpu++, cpu);
}

static bool put_pins(struct writer *w, const struct guest_options *o, struct err *e)
{
    if (!*o->pin && !*o->emulator)
        return true;
    if ((*o->pin && cpu_list_count(o->pin) == 0) || (*o->emulator && cpu_list_count(o->emulator) == 0))
        return err_set(e, ERR_USAGE, "%s is no list of CPUs, as in 0-1,3", *o->pin ? o->pin : o->emulator);
    PUT(w, "  <cputune>\n");
    if (*o->pin)
        put_vcpu_pins(w, o);
    if (*o->emulator)
        PUT(w, "    <emulatorpin cpuset='%s'/>\n", o->emulator);
    PUT(w, "  </cputune>\n");
    return true;
}

static void put_cpu(struct writer *w, const struct machine *m)
{
    if (*m->options->cpu)
        put_value(w, "  <cpu mode='custom' match='exact'><model fallback='forbid'>", m->options->cpu,
                  "</model></cpu>\n");
    else
        PUT(w, "  <cpu mode='%s'/>\n", m->kvm ? "host-passthrough" : "maximum");
}

static void put_devices(struct writer *w, const struct machine *m, const char *tap)
{
    PUT(w, "  <devices>\n");
    if (*m->disk) {
        PUT(w,
            "    <disk type='file' device='disk'>\n"
            "      <driver name='qemu' type='raw' cache='%s' io='%s'/>\n",
            guest_disk_cache_name(m->options), guest_disk_io_name(m->options));
        put_value(w, "      <source file='", m->disk, "'/>\n");
        PUT(w, "      <target dev='vda' bus='virtio'/>\n"
               "    </disk>\n");
    }
    for (int i = 0; i < MACHINE_STILLS && m->stills[i]; i++) {
        put_value(w,
                  "    <disk type='file' device='disk'>\n"
                  "      <driver name='qemu' type='raw'/>\n"
                  "      <source file='",
                  m->stills[i], "'/>\n");
        PUT(w,
            "      <target dev='vd%c' bus='virtio'/>\n"
            "      <readonly/>\n"
            "      <shareable/>\n"
            "    </disk>\n",
            'b' + i);
    }
    if (*tap)
        put_value(w, "    <interface type='ethernet'>\n      <target dev='", tap, "' managed='no'/>\n");
    else
        put_value(w, "    <interface type='bridge'>\n      <source bridge='", m->bridge, "'/>\n");
    PUT(w,
        "      <model type='%s'/>\n"
        "      <rom enabled='no'/>\n"
        "    </interface>\n",
        guest_nic_name(m->options));
    /* Without `append` a daemon's virtlogd puts a new file in the place of the one that we hold open. */
    put_value(w, "    <serial type='file'>\n      <source path='", m->console,
              "' append='on'/>\n      <target port='0'/>\n    </serial>\n");
    PUT(w, "    <memballoon model='none'/>\n");
    PUT(w, "%s", m->options->extra_xml);
    PUT(w, "  </devices>\n");
}

bool domain_xml_write(const struct machine *m, const char *tap, char *xml, size_t size, struct err *e)
{
    const struct guest_options *o = m->options;
    struct writer w = { xml, size, true };
    xml[0] = '\0';
    PUT(&w, "<domain type='%s'>\n", m->kvm ? "kvm" : "qemu");
    put_value(&w, "  <name>", m->name, "</name>\n");
    PUT(&w,
        "  <memory unit='b'>%" PRId64 "</memory>\n"
        "  <vcpu>%" PRId64 "</vcpu>\n",
        o->memory_bytes, o->vcpus);
    /* All of it is there from the start: the first trial does not pay for its first touch. */
    PUT(&w, "  <memoryBacking>%s<allocation mode='immediate'/></memoryBacking>\n", o->huge_pages ? "<hugepages/>" : "");
    if (!put_pins(&w, o, e))
        return false;
    PUT(&w, "  <os>\n    <type arch='x86_64' machine='q35'>hvm</type>\n");
    put_value(&w, "    <kernel>", m->kernel, "</kernel>\n");
    put_value(&w, "    <initrd>", m->initrd, "</initrd>\n");
    put_value(&w, "    <cmdline>", m->command_line, "</cmdline>\n  </os>\n");
    PUT(&w, "  <features><acpi/><apic/></features>\n");
    put_cpu(&w, m);
    PUT(&w, "  <on_poweroff>destroy</on_poweroff>\n"
            "  <on_reboot>destroy</on_reboot>\n"
            "  <on_crash>destroy</on_crash>\n");
    put_devices(&w, m, tap);
    PUT(&w, "</domain>\n");
    return w.fits || err_set(e, ERR_USAGE, "the guest's description is longer than %zu bytes", size);
}

const char *domain_xml_accel(const char *xml)
{
    return strncmp(xml, "<domain type='kvm'", 18) == 0    ? "kvm"
           : strncmp(xml, "<domain type='qemu'", 19) == 0 ? "tcg"
                                                          : "";
}
