#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "workloads/file/file_matrix.h"
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
    struct file_route all = { "ext4", "rw,relatime", "vda", "virtio", "write back" }, none = { 0 };
    assert_string_equal(file_route_text(&all, text, sizeof text), "ext4 (rw,relatime) on vda (virtio, write back)");
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
static void the_matrix_is_iozones(void **unused)
{
    (void)unused;
    static const int CELLS_OF_ROW[] = { 5, 6, 7, 8, 9, 10, 11, 12, 13, 9, 9, 9, 9, 9 };
    const struct file_matrix matrix = { 64 << 10, 512 << 20, 4 << 10, 16 << 20 };
    int64_t file = 0, record = 0, row_file = 0;
    int row = -1, cells = 0, all = 0;
    while (file_matrix_next(&matrix, &file, &record)) {
        if (file != row_file) {
            if (row >= 0)
                assert_int_equal(cells, CELLS_OF_ROW[row]);
            row++;
            cells = 0;
            row_file = file;
            assert_int_equal(file, INT64_C(65536) << row);
            assert_int_equal(record, file > 16 << 20 ? 65536 : 4096);
        }
        assert_true(record <= file);
        cells++;
        if (++all == 99)
            assert_true(file == 64 << 20 && record == 16 << 20);
    }
    assert_int_equal(row, 13);
    assert_int_equal(cells, 9);
    assert_int_equal(all, 126);
    assert_int_equal(file, 512 << 20);
    assert_int_equal(record, 16 << 20);
}

static void a_matrix_of_one_cell_and_of_none(void **unused)
{
    (void)unused;
    int64_t file = 0, record = 0;
    const struct file_matrix one = { 8192, 8192, 8192, 8192 }, none = { 4096, 8192, 16384, 16384 };
    assert_true(file_matrix_next(&one, &file, &record));
    assert_true(file == 8192 && record == 8192);
    assert_false(file_matrix_next(&one, &file, &record));
    assert_true(file == 8192 && record == 8192);
    file = record = 0;
    assert_false(file_matrix_next(&none, &file, &record));
    assert_true(file == 0 && record == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mount_is_read_from_its_line),
        cmocka_unit_test(a_device_tells_its_bus),
        cmocka_unit_test(a_route_is_one_line_of_what_is_known),
        cmocka_unit_test(this_machine_tells_where_its_files_are),
        cmocka_unit_test(the_matrix_is_iozones),
        cmocka_unit_test(a_matrix_of_one_cell_and_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
