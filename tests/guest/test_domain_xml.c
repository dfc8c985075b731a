/* A guest's description for libvirt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "golden.h"
#include "guests/libvirt/advice.h"
#include "guests/libvirt/disk_xml.h"
#include "guests/libvirt/domain_xml.h"
#include "guests/libvirt/embed.h"
#include "run/guest_facts.h"

static struct guest_options options_of(const char *text)
{
    struct guest_options options;
    struct err e = { 0 };
    assert_true(schema_unpack(&GUEST_SCHEMA, text, &options, &e));
    return options;
}

static struct machine machine_of(const struct guest_options *options)
{
    return (struct machine){ .name = "tare-guest",
                             .options = options,
                             .kernel = "/k",
                             .initrd = "/i",
                             .command_line = "console=ttyS0",
                             .console = "/c",
                             .disk = "",
                             .bridge = "br0" };
}

static void the_plain_guest_is_described_as_it_always_was(void **state)
{
    (void)state;
    const struct guest_options options = options_of("");
    const struct machine machine = machine_of(&options);
    char xml[DOMAIN_XML_MAX];
    struct err e = { 0 };
    assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
    golden_check("guest/plain.xml", xml);
    assert_string_equal(domain_xml_accel(xml), "tcg");
}

static void a_disk_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *options, *cache, *io;
    } CASES[] = { { "", "none", "native" },
                  { "disk_cache=directsync\n", "directsync", "native" },
                  { "disk_cache=writeback\n", "writeback", "threads" } };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct guest_options options = options_of(CASES[i].options);
        struct machine machine = machine_of(&options);
        struct domain_disk disks[2];
        char xml[DOMAIN_XML_MAX];
        struct err e = { 0 };
        machine.disk = "/a '<&>\" disk";
        assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
        assert_int_equal(disk_xml_read(xml, disks, 2), 1);
        assert_string_equal(disks[0].path, machine.disk);
        assert_string_equal(disks[0].target, "vda");
        assert_string_equal(disks[0].format, "raw");
        assert_string_equal(disks[0].cache, CASES[i].cache);
        assert_string_equal(disks[0].io, CASES[i].io);
    }
}

/* As libvirt 9 wrote it of a domain of virt-manager's. */
static void disks_of_others_are_read_as_far_as_they_are_said(void **state)
{
    (void)state;
    static const char XML[] = "<devices>\n"
                              "    <disk type='file' device='disk'>\n"
                              "      <driver name='qemu' type='qcow2' discard='unmap'/>\n"
                              "      <source file='/images/web1.qcow2' index='2'/>\n"
                              "      <backingStore type='file'>\n"
                              "        <format type='raw'/>\n"
                              "        <source file='/images/base.raw'/>\n"
                              "      </backingStore>\n"
                              "      <target dev='vda' bus='virtio'/>\n"
                              "    </disk>\n"
                              "    <disk type='block' device='disk'>\n"
                              "      <driver name='qemu' type='raw' cache='none' io='io_uring'/>\n"
                              "      <source dev='/dev/vg/web1'/>\n"
                              "      <target dev='sdb' bus='scsi'/>\n"
                              "    </disk>\n"
                              "    <disk type='file' device='cdrom'>\n"
                              "      <target dev='sdc' bus='sata'/>\n"
                              "    </disk>\n"
                              "</devices>";
    struct domain_disk disks[4];
    assert_int_equal(disk_xml_read(XML, disks, 4), 2);
    assert_string_equal(disks[0].path, "/images/web1.qcow2");
    assert_string_equal(disks[0].format, "qcow2");
    assert_string_equal(disks[0].cache, "");
    assert_string_equal(disks[1].path, "/dev/vg/web1");
    assert_string_equal(disks[1].io, "io_uring");
    assert_string_equal(disks[1].target, "sdb");
    assert_int_equal(disk_xml_read(XML, disks, 1), 1);
    assert_int_equal(disk_xml_read("<disk type='file'><source file='/endless", disks, 4), 0);
    assert_int_equal(disk_xml_read("<disk type='file'><source file='/x</disk>", disks, 4), 0);
    assert_int_equal(disk_xml_read("", disks, 4), 0);
}

static void every_option_shows_in_the_description(void **state)
{
    (void)state;
    const struct guest_options options = options_of("vcpus=3\nmemory=1GiB\ncpu=Skylake-Client\npin=0-1\nemulator=2,3\n"
                                                    "nic=e1000\nhuge_pages=true\nextra_xml=<rng model='virtio'/>\n");
    struct machine machine = machine_of(&options);
    machine.kvm = true;
    machine.disk = "/a '<&>\" disk";
    char xml[DOMAIN_XML_MAX];
    struct err e = { 0 };
    assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
    golden_check("guest/full.xml", xml);
    assert_string_equal(domain_xml_accel(xml), "kvm");
}

/* For every option: what it makes of the description, or where else it acts; and the fact by which a label names it,
 * or why no host has to tell it. */
static void every_option_acts_and_is_named_or_told_by_the_guest_itself(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value, *xml, *fact;
    } OPTIONS[] = {
        { "vcpus", "3", "<vcpu>3</vcpu>", NULL },                           /* cpus_allowed */
        { "memory", "1GiB", "<memory unit='b'>1073741824</memory>", NULL }, /* memory_bytes */
        { "accel", "kvm", NULL, NULL }, /* machine.kvm; the agent tells what came of it */
        { "cpu", "Haswell", "<model fallback='forbid'>Haswell</model>", NULL }, /* cpu_model and cpu_flags */
        { "pin", "2", "<vcpupin vcpu='0' cpuset='2'/>", "pinning" },
        { "emulator", "1,3", "<emulatorpin cpuset='1,3'/>", "pinning" },
        { "nic", "rtl8139", "<model type='rtl8139'/>", "nic_model" },
        { "disk", "64MiB", NULL, "storage_path" }, /* machine.disk */
        { "disk_cache", "writeback\ndisk=64MiB", NULL, "storage_path" },
        { "compiler", "true", NULL, NULL }, /* machine.stills; a build's path names the system that it was in */
        { "huge_pages", "true", "<hugepages/>", "memory_backing" },
        { "bridge", "br7", NULL, NULL },          /* machine.bridge */
        { "address", "10.9.9.9/24", NULL, NULL }, /* in the image; each node's address is shown */
        { "gateway", "10.9.9.1", NULL, NULL },    /* in the image */
        { "extra_xml", "<rng/>", "<rng/>", "extra_devices" },
    };
    struct guest_options plain = options_of("");
    struct message_guest_state started = { .accel = "tcg", .product = "QEMU 7.2" };
    assert_int_equal(ARRAY_SIZE(OPTIONS), GUEST_SCHEMA.count); /* a new option has its line here */
    for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
        char text[128], xml[DOMAIN_XML_MAX], before[DOMAIN_XML_MAX];
        struct err e = { 0 };
        snprintf(text, sizeof text, "%s=%s\n", OPTIONS[i].key, OPTIONS[i].value);
        struct guest_options options = options_of(text);
        const struct machine machine = machine_of(&options), old = machine_of(&plain);
        assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
        assert_true(domain_xml_write(&old, "", before, sizeof before, &e));
        if (OPTIONS[i].xml && (!strstr(xml, OPTIONS[i].xml) || strstr(before, OPTIONS[i].xml)))
            fail_msg("%s: no '%s' in %s", OPTIONS[i].key, OPTIONS[i].xml, xml);
        json_t *with = json_object(), *base = json_object();
        guest_facts_add(with, &(struct scenario_node){ .built_in = &options }, &started);
        guest_facts_add(base, &(struct scenario_node){ .built_in = &plain }, &started);
        assert_false(json_equal(json_object_get(with, "built_in"), json_object_get(base, "built_in")));
        json_object_del(with, "built_in");
        json_object_del(base, "built_in");
        if (json_equal(with, base) != (OPTIONS[i].fact == NULL))
            fail_msg("%s: %s", OPTIONS[i].key, json_equal(with, base) ? "no fact tells it" : "its facts are new");
        if (OPTIONS[i].fact)
            assert_false(json_equal(json_object_get(with, OPTIONS[i].fact), json_object_get(base, OPTIONS[i].fact)));
        json_decref(with);
        json_decref(base);
    }
}

/* Behind its own, in the order in which init.sh mounts them. */
static void disks_that_nobody_writes_to_are_the_second_and_the_third(void **state)
{
    (void)state;
    const struct guest_options options = options_of("");
    struct machine machine = machine_of(&options);
    char xml[DOMAIN_XML_MAX];
    struct err e = { 0 };
    machine.disk = "/own";
    machine.stills[0] = "/root";
    machine.stills[1] = "/tree";
    assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
    const char *own = strstr(xml, "'/own'"), *root = strstr(xml, "'/root'"), *tree = strstr(xml, "'/tree'");
    assert_true(own && root > own && tree > root);
    assert_true(strstr(own, "vda") < root && strstr(root, "vdb") < tree && strstr(tree, "vdc"));
    assert_null(strstr(strstr(xml, "<disk"), "<readonly/>") < root ? "the guest's own" : NULL);
    assert_true(strstr(root, "<readonly/>") < tree && strstr(tree, "<readonly/>"));
}

static void a_port_that_is_there_is_used_as_it_is(void **state)
{
    (void)state;
    const struct guest_options options = options_of("");
    const struct machine machine = machine_of(&options);
    char xml[DOMAIN_XML_MAX];
    struct err e = { 0 };
    assert_true(domain_xml_write(&machine, "tare0", xml, sizeof xml, &e));
    assert_non_null(strstr(xml, "<interface type='ethernet'>\n      <target dev='tare0' managed='no'/>"));
    assert_null(strstr(xml, "br0"));
}

static void vcpus_go_round_the_cpus_that_they_are_given(void **state)
{
    (void)state;
    const struct guest_options options = options_of("vcpus=4\npin=1-2,7\n");
    const struct machine machine = machine_of(&options);
    char xml[DOMAIN_XML_MAX];
    struct err e = { 0 };
    assert_true(domain_xml_write(&machine, "", xml, sizeof xml, &e));
    assert_non_null(strstr(xml, "vcpu='0' cpuset='1'"));
    assert_non_null(strstr(xml, "vcpu='1' cpuset='2'"));
    assert_non_null(strstr(xml, "vcpu='2' cpuset='7'"));
    assert_non_null(strstr(xml, "vcpu='3' cpuset='1'"));
}

/* The same words for whoever reads a scenario and for an agent that is sent them. */
static void an_option_that_is_wrong_is_refused_with_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } WRONG[] = {
        { "pin=a", "is no list of CPUs" },       { "pin=1-", "is no list of CPUs" },
        { "pin=3-1", "is no list of CPUs" },     { "pin=1,,2", "is no list of CPUs" },
        { "pin=-1", "is no list of CPUs" },      { "pin=0-99999", "is no list of CPUs" },
        { "pin=1,", "is no list of CPUs" },      { "emulator=x", "is no list of CPUs" },
        { "cpu=a b", "is no CPU model" },        { "bridge=a/b", "is no name of a bridge" },
        { "address=10.0.0.7", "is no address" }, { "address=10.0.0.7/33", "is no address" },
        { "gateway=here", "is no address" },     { "extra_xml=rng", "is no XML" },
        { "nic=virtoi", "did you mean" },        { "memory=1KiB", "outside" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(WRONG); i++) {
        struct guest_options options;
        struct err e = { 0 };
        assert_false(schema_unpack(&GUEST_SCHEMA, WRONG[i].text, &options, &e));
        if (!strstr(e.text, WRONG[i].why))
            fail_msg("'%s' leads to '%s'", WRONG[i].text, e.text);
    }
}

static void what_does_not_fit_is_told_and_stays_in_its_bounds(void **state)
{
    (void)state;
    const struct guest_options options = options_of("pin=0-3\nvcpus=16\n");
    const struct machine machine = machine_of(&options);
    char *whole = malloc(DOMAIN_XML_MAX);
    struct err e = { 0 };
    assert_true(domain_xml_write(&machine, "", whole, DOMAIN_XML_MAX, &e));
    for (size_t size = 1; size <= strlen(whole); size += 13) {
        char *part = malloc(size); /* of exactly its size, for the sanitizer */
        assert_false(domain_xml_write(&machine, "", part, size, &e));
        free(part);
    }
    free(whole);
}

static void what_libvirt_says_leads_to_what_mends_it(void **state)
{
    (void)state;
    static const struct {
        const char *words, *advice;
    } CASES[] = {
        { "Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory",
          "install the package 'libvirt-daemon-system'" },
        { "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied", "usermod -aG libvirt" },
        { "authentication unavailable: no polkit agent available", "usermod -aG libvirt" },
        { "invalid argument: could not find capabilities for domaintype=kvm", "qemu-system-x86" },
        { "Unable to open /dev/net/tun, is tun module loaded?: Permission denied", "/dev/net/tun" },
        { "internal error: process exited while connecting to monitor: cannot set up guest memory 'pc.ram': Cannot "
          "allocate memory",
          "the host is out of memory" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *advice = advice_for(CASES[i].words);
        assert_non_null(advice);
        if (!strstr(advice, CASES[i].advice))
            fail_msg("'%s' leads to '%s'", CASES[i].words, advice);
    }
    assert_null(advice_for("something else"));
    assert_string_equal(
        advice_core("internal error: process exited while connecting to monitor: 2026-11-26T01:07:51.024649Z "
                    "qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69"),
        "qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69");
    assert_string_equal(advice_core("Domain not found"), "Domain not found");
}

static void only_the_uri_of_an_embedded_libvirt_has_a_root(void **state)
{
    (void)state;
    char root[64];
    struct err e = { 0 };
    char deep[200];
    embed_root("qemu:///embed?root=/run/x", root, sizeof root);
    assert_string_equal(root, "/run/x");
    embed_root("qemu:///system", root, sizeof root);
    assert_string_equal(root, "");
    memset(deep, 'x', sizeof deep - 1);
    deep[0] = '/';
    deep[sizeof deep - 1] = '\0';
    assert_false(embed_prepare(deep, &e));
    assert_non_null(strstr(e.text, "too long for libvirt's sockets"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_guest_is_described_as_it_always_was),
        cmocka_unit_test(a_disk_is_read_as_it_was_written),
        cmocka_unit_test(disks_of_others_are_read_as_far_as_they_are_said),
        cmocka_unit_test(every_option_shows_in_the_description),
        cmocka_unit_test(every_option_acts_and_is_named_or_told_by_the_guest_itself),
        cmocka_unit_test(disks_that_nobody_writes_to_are_the_second_and_the_third),
        cmocka_unit_test(a_port_that_is_there_is_used_as_it_is),
        cmocka_unit_test(vcpus_go_round_the_cpus_that_they_are_given),
        cmocka_unit_test(an_option_that_is_wrong_is_refused_with_what_would_be_right),
        cmocka_unit_test(what_does_not_fit_is_told_and_stays_in_its_bounds),
        cmocka_unit_test(what_libvirt_says_leads_to_what_mends_it),
        cmocka_unit_test(only_the_uri_of_an_embedded_libvirt_has_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
