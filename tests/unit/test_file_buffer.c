/* The memory that records go through: whole, zeroed, on huge pages where there are any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/small_file.h"
#include "workloads/file/file_buffer.h"

/* The flags that the kernel keeps of the mapping that holds `address`, proc_pid_smaps(5). */
static bool is_mapped_with(const void *address, const char *flag)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[4096];
    bool is_there = false, is_in = false;
    assert_non_null(maps);
    while (!is_there && fgets(line, sizeof line, maps)) {
        char *end;
        uintptr_t from = strtoull(line, &end, 16);
        if (*end == '-') {
            uintptr_t to = strtoull(end + 1, &end, 16);
            is_in = (uintptr_t)address >= from && (uintptr_t)address < to;
        }
        is_there = is_in && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, flag);
    }
    fclose(maps);
    return is_there;
}

static void buffers_are_whole_zeroed_and_asked_for_on_huge_pages(void **state)
{
    static const size_t SIZES[] = { 1, 4096, 100000, 2 * 1024 * 1024, 2 * 1024 * 1024 + 1 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char size[32];
    (void)state;
    const bool has_huge =
        small_file_read("", "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", size, sizeof size) &&
        strcmp(size, "2097152") == 0;
    if (!has_huge)
        print_message("skip: no huge pages of 2 MiB here: only the size and the zeros are looked at\n");
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        struct file_buffer b;
        struct err e = { 0 };
        assert_true(file_buffer_make(&b, SIZES[i], &e));
        assert_true(b.size >= SIZES[i]);
        assert_int_equal((uintptr_t)b.bytes % page, 0);
        for (size_t at = 0; at < b.size; at++)
            assert_true(b.bytes[at] == 0);
        memset(b.bytes, 0xa5, b.size);
        if (has_huge) {
            assert_int_equal(b.size % (2 * 1024 * 1024), 0);
            assert_int_equal((uintptr_t)b.bytes % (2 * 1024 * 1024), 0);
            assert_true(is_mapped_with(b.bytes, " hg"));
        }
        file_buffer_release(&b);
        assert_null(b.bytes);
        file_buffer_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_are_whole_zeroed_and_asked_for_on_huge_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
