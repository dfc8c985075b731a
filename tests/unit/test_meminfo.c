/* /proc/meminfo, as it is and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/meminfo.h"
#include "tempdir.h"

static const char TEXT[] = "MemTotal:       24689764 kB\n"
                           "MemFree:        x kB\n"
                           "MemAvailable:    1048576 kB\n"
                           "Cached:        9223372036854775807 kB\n"
                           "SwapCached:     -5 kB\n"
                           "HugePages_Free:        7\n"
                           "Hugepagesize:       2048 kB\n";

static void write_it(const char *root)
{
    char path[512];
    snprintf(path, sizeof path, "%s/proc", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(TEXT, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void sizes_are_bytes_and_counts_are_counts(void **state)
{
    const char *root = *state;
    write_it(root);
    assert_int_equal(meminfo_read(root, "MemTotal"), INT64_C(24689764) * 1024);
    assert_int_equal(meminfo_read(root, "MemAvailable"), INT64_C(1024) * 1024 * 1024);
    assert_int_equal(meminfo_read(root, "HugePages_Free"), 7);
    assert_int_equal(meminfo_read(root, "Hugepagesize"), 2048 * 1024);
}

static void what_is_not_told_is_no_number(void **state)
{
    const char *root = *state;
    assert_int_equal(meminfo_read(root, "MemTotal"), -1); /* no such file */
    write_it(root);
    assert_int_equal(meminfo_read(root, "SwapTotal"), -1);
    assert_int_equal(meminfo_read(root, "Mem"), -1);
    assert_int_equal(meminfo_read(root, "MemFree"), -1);
    assert_int_equal(meminfo_read(root, "Cached"), -1);
    assert_int_equal(meminfo_read(root, "SwapCached"), -1);
}

static void this_machine_tells_its_memory(void **unused)
{
    (void)unused;
    assert_true(meminfo_read("", "MemTotal") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sizes_are_bytes_and_counts_are_counts, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(what_is_not_told_is_no_number, tempdir_make, tempdir_remove),
        cmocka_unit_test(this_machine_tells_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
