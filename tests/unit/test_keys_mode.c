/* Whose modes an invite may have: 0600, and in the service manager's directory of credentials 0440. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/keys.h"

static bool reads(const char *path, mode_t mode)
{
    struct invite invite;
    struct err e = { 0 };
    assert_int_equal(chmod(path, mode), 0);
    bool ok = invite_read(path, &invite, &e);
    if (!ok)
        assert_non_null(strstr(e.text, "lets others read the key"));
    return ok;
}

static void only_a_credential_may_be_read_by_its_group(void **unused)
{
    (void)unused;
    char directory[] = "/tmp/tare-keys-XXXXXX", path[64], longer[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/invite", directory);
    struct invite invite = { .endpoint = "tcp://192.0.2.1:5670", .name = "host" };
    struct keypair server;
    struct err e = { 0 };
    assert_true(keypair_make(&server, &e) && keypair_make(&invite.node, &e));
    text_copy(invite.server_key, sizeof invite.server_key, server.public_key);
    assert_true(invite_write(path, &invite, &e));
    unsetenv("CREDENTIALS_DIRECTORY");
    assert_true(reads(path, 0600));
    assert_true(reads(path, 0400));
    assert_false(reads(path, 0440));
    setenv("CREDENTIALS_DIRECTORY", "", 1);
    assert_false(reads(path, 0440));
    setenv("CREDENTIALS_DIRECTORY", "/tmp", 1); /* above it is not in it */
    assert_false(reads(path, 0440));
    snprintf(longer, sizeof longer, "%.30s", directory);
    longer[strlen(longer) - 1] = '\0'; /* another directory, whose name begins alike */
    setenv("CREDENTIALS_DIRECTORY", longer, 1);
    assert_false(reads(path, 0440));
    setenv("CREDENTIALS_DIRECTORY", directory, 1);
    assert_true(reads(path, 0440));
    assert_false(reads(path, 0460));
    assert_false(reads(path, 0444));
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(only_a_credential_may_be_read_by_its_group) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
