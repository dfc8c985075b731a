/* The image of built-in guests: kept by what is in it, so never older than the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/directory.h"
#include "base/text.h"
#include "guests/image.h"

/* A cache of the test's own, with a kernel in it that has every driver built in, as a package unpacked leaves it. */
static char home[64], agent[96];
static struct libraries libraries;
static int told;

static void put(const char *path, const char *text)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", home, path);
    FILE *file = fopen(full, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_cache(void **state)
{
    char modules[160];
    (void)state;
    if (access("/bin/busybox", R_OK) != 0)
        return 0;
    text_copy(home, sizeof home, "/tmp/tare-image-XXXXXX");
    assert_non_null(mkdtemp(home));
    setenv("XDG_CACHE_HOME", home, 1);
    snprintf(modules, sizeof modules, "%s/tare/guests/boot", home);
    assert_true(directory_make_all(modules, 0755, NULL));
    snprintf(modules, sizeof modules, "%s/tare/guests/lib/modules/9.9.9-test", home);
    assert_true(directory_make_all(modules, 0755, NULL));
    put("tare/guests/boot/vmlinuz-9.9.9-test", "a kernel");
    put("tare/guests/lib/modules/9.9.9-test/modules.builtin",
        "kernel/virtio_ring.ko\nkernel/virtio.ko\nkernel/virtio_pci_legacy_dev.ko\nkernel/virtio_pci_modern_dev.ko\n"
        "kernel/virtio_pci.ko\nkernel/virtio_blk.ko\nkernel/failover.ko\nkernel/net_failover.ko\nkernel/"
        "virtio_net.ko\n");
    put("agent", "the agent of today");
    snprintf(agent, sizeof agent, "%s/agent", home);
    return 0;
}

static int remove_cache(void **state)
{
    (void)state;
    struct err e = { 0 };
    return *home == '\0' || directory_remove_all(home, &e) ? 0 : -1;
}

static void count(void *context, const char *what)
{
    (void)context, (void)what;
    told++;
}

static struct image make(void)
{
    struct image image = { .key = "" };
    struct err e = { 0 };
    const struct image_order order = {
        .libraries = &libraries, .agent = agent, .nic = "virtio", .cancel_fd = -1, .tell = count
    };
    if (*home == '\0')
        skip();
    if (!image_make(&order, &image, &e))
        fail_msg("%s", e.text);
    return image;
}

static void an_image_is_made_once_and_kept(void **state)
{
    (void)state;
    struct image first = make();
    assert_false(first.was_kept);
    assert_int_equal(told, 1);
    struct image again = make();
    assert_true(again.was_kept);
    assert_string_equal(again.key, first.key);
    assert_int_equal(told, 1);
}

static void another_program_of_the_same_size_gets_another_image(void **state)
{
    (void)state;
    struct image old = make();
    put("agent", "the agent of later");
    struct image fresh = make();
    assert_false(fresh.was_kept);
    assert_string_not_equal(fresh.key, old.key);
    put("agent", "the agent of today");
    assert_string_equal(make().key, old.key);
}

static void an_image_that_was_cut_off_while_it_was_written_is_none(void **state)
{
    (void)state;
    struct image image = make();
    char path[256];
    put("tare/guests/new", "a part of an image, of an agent that was killed");
    snprintf(path, sizeof path, "%s/tare/guests/%s.cpio", home, image.key);
    assert_int_equal(unlink(path), 0);
    assert_false(make().was_kept);
    assert_int_equal(access(path, R_OK), 0);
    snprintf(path, sizeof path, "%s/tare/guests/new", home);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_made_once_and_kept),
        cmocka_unit_test(another_program_of_the_same_size_gets_another_image),
        cmocka_unit_test(an_image_that_was_cut_off_while_it_was_written_is_none),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
