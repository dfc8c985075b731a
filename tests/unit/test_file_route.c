#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "workloads/file/file_route.h"

static void a_mount_is_read_from_its_line(void **unused)
{
    (void)unused;
    static const char LINE[] =
        "36 35 254:1 / /mnt/a\\040b rw,noatime shared:1 master:2 - ext4 /dev/vda1 rw,errors=continue\n";
    struct file_route route = { 0 };
    char number[32] = "";
    assert_true(file_route_read_mount(LINE, 36, &route, number, sizeof number));
    assert_string_equal(route.fs, "ext4");
    assert_string_equal(route.options, "rw,noatime");
    assert_string_equal(route.device, "/dev/vda1");
    assert_string_equal(number, "254:1");
    assert_true(file_route_read_mount("9 1 0:5 / / ro - 9p share rw", 9, &route, number, sizeof number));
    assert_string_equal(route.device, "share");
    assert_false(file_route_read_mount(LINE, 35, &route, number, sizeof number));
    assert_false(file_route_read_mount(LINE, 3, &route, number, sizeof number));
    assert_false(file_route_read_mount("36 35 254:1 / /mnt rw", 36, &route, number, sizeof number));
    assert_false(file_route_read_mount("", 0, &route, number, sizeof number));
}

static void a_device_tells_its_bus(void **unused)
{
    (void)unused;
    static const struct {
        const char *path, *device, *bus;
    } CASES[] = {
        { "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda", "vda", "virtio" },
        { "../../devices/pci0000:00/0000:00:02.0/virtio1/block/vda/vda1", "vda1", "virtio" },
        { "../../devices/pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0/nvme0n1", "nvme0n1", "nvme" },
        { "../../devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda", "sda", "ata" },
        { "../../devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb", "sdb", "usb" },
        { "../../devices/pci0000:00/0000:00:05.0/host2/target2:0:0/2:0:0:0/block/sdc", "sdc", "scsi" },
        { "../../devices/virtual/block/dm-0", "dm-0", "virtual" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct file_route route = { 0 };
        file_route_read_device(CASES[i].path, &route);
        assert_string_equal(route.device, CASES[i].device);
        assert_string_equal(route.bus, CASES[i].bus);
    }
}

static void a_route_is_one_line_of_what_is_known(void **unused)
{
    (void)unused;
    char text[300];
    struct file_route all = { "ext4", "rw,relatime", "vda", "virtio", "write back", false }, none = { 0 };
    assert_string_equal(file_route_text(&all, text, sizeof text), "ext4 (rw,relatime) on vda (virtio, write back)");
    all.is_virtual = true;
    assert_string_equal(file_route_text(&all, text, sizeof text),
                        "ext4 (rw,relatime) on vda (virtio, write back, virtual)");
    assert_string_equal(file_route_text(&none, text, sizeof text), "a file system that is not known");
    struct file_route memory = { .fs = "tmpfs", .device = "tmpfs", .options = "rw" };
    assert_string_equal(file_route_text(&memory, text, sizeof text), "tmpfs (rw) on tmpfs");
}

static void this_machine_tells_where_its_files_are(void **unused)
{
    (void)unused;
    struct file_route route;
    struct err e = { 0 };
    int fd = open("/proc", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0 && file_route_of(fd, &route, &e));
    assert_string_equal(route.fs, "proc");
    assert_string_equal(route.bus, "");
    close(fd);
    assert_false(file_route_of(-1, &route, &e));
}

/* IOzone prints 99 lines with -a -g 64m, and 126 with its default of 512 MiB. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mount_is_read_from_its_line),
        cmocka_unit_test(a_device_tells_its_bus),
        cmocka_unit_test(a_route_is_one_line_of_what_is_known),
        cmocka_unit_test(this_machine_tells_where_its_files_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
