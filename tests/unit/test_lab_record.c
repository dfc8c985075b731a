#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/runtime_dir.h"
#include "base/text.h"
#include "lab/directory.h"
#include "lab/record.h"

static const struct lab_record EXAMPLE = {
    .name = "paper",
    .boot_id = "6f0c7f1e-3d0e-4c54-9f4b-000000000001",
    .way = LAB_WAY_USER,
    .stays = true,
    .shifted = true,
    .machines = { { 100, 1000 }, { 101, 1001 }, { 102, 1002 }, { 103, UINT64_C(99999999999) } },
    .agents = { [LAB_HOST] = { 104, 1004 } },
};

static const char TEXT[] = "tare-lab 1\n"
                           "name paper\n"
                           "boot 6f0c7f1e-3d0e-4c54-9f4b-000000000001\n"
                           "way user\n"
                           "stays yes\n"
                           "shaped no\n"
                           "shifted yes\n"
                           "switch 100 1000\n"
                           "host 101 1001\n"
                           "agent.host 104 1004\n"
                           "peer 102 1002\n"
                           "coordinator 103 99999999999\n";

static void a_record_reads_back_as_it_was(void **unused)
{
    (void)unused;
    char text[LAB_RECORD_TEXT];
    struct lab_record back;
    struct err e = { 0 };
    assert_true(lab_record_print(&EXAMPLE, text, sizeof text, &e));
    assert_string_equal(text, TEXT);
    if (!lab_record_parse(text, &back, &e))
        fail_msg("%s", e.text);
    assert_memory_equal(&back.machines, &EXAMPLE.machines, sizeof back.machines);
    assert_memory_equal(&back.agents, &EXAMPLE.agents, sizeof back.agents);
    assert_string_equal(back.name, "paper");
    assert_string_equal(back.boot_id, EXAMPLE.boot_id);
    assert_int_equal(back.way, LAB_WAY_USER);
    assert_true(back.stays && back.shifted && !back.shaped);
    assert_false(lab_record_print(&EXAMPLE, text, 100, &e));
}

/* Every prefix of a record is what a write cut short would leave: none may pass for a whole one. */
static void a_cut_record_is_refused(void **unused)
{
    (void)unused;
    for (size_t length = 0; length < sizeof TEXT - sizeof "coordinator 103 99999999999\n"; length++) {
        char text[sizeof TEXT] = "";
        struct lab_record back = { .stays = true };
        memcpy(text, TEXT, length);
        assert_false(lab_record_parse(text, &back, NULL));
        assert_true(back.stays); /* untouched */
    }
}

static void what_is_not_understood_is_refused_with_its_line(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *to, *because;
    } CASES[] = {
        { "tare-lab 1", "tare-lab 2", "does not begin with 'tare-lab 1'" },
        { "name paper", "name ../..", "line 2: 'name'" },
        { "way user", "way sideways", "line 4: 'way'" },
        { "stays yes", "stays maybe", "line 5: 'stays'" },
        { "switch 100", "switch 1", "line 8: 'switch'" }, /* this machine's own init */
        { "switch 100", "switch 0", "line 8: 'switch'" }, /* kill(2): our process group */
        { "switch 100", "switch -1", "line 8: 'switch'" },
        { "switch 100", "switch 4294967396", "line 8: 'switch'" },
        { "host 101 1001", "host 101", "line 9: 'host'" },
        { "peer 102", "pear 102", "line 11: 'pear'" },
        { "peer 102 1002\n", "", "is not whole" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char text[LAB_RECORD_TEXT] = "";
        struct lab_record back;
        struct err e = { 0 };
        const char *at = strstr(TEXT, CASES[i].from);
        assert_non_null(at);
        text_append(text, sizeof text, "%.*s%s%s", (int)(at - TEXT), TEXT, CASES[i].to, at + strlen(CASES[i].from));
        assert_false(lab_record_parse(text, &back, &e));
        if (!strstr(e.text, CASES[i].because))
            fail_msg("%s: %s", CASES[i].to, e.text);
    }
}

static void a_process_may_be_named_anything(void **unused)
{
    (void)unused;
    char state = '?';
    uint64_t started = 0;
    assert_true(
        lab_stat_parse("7 (a) R (b) S) Z 1 2 3 4 -1 6 7 8 9 10 11 12 13 14 15 16 17 0 4711 20 21", &state, &started));
    assert_int_equal(state, 'Z');
    assert_int_equal(started, 4711);
    assert_false(lab_stat_parse("7 (a) R 1 2 3", &state, &started));
    assert_false(lab_stat_parse("", &state, &started));
}

static void a_process_is_known_by_its_start(void **unused)
{
    (void)unused;
    struct lab_process self;
    assert_true(lab_process_note(getpid(), &self, NULL));
    assert_true(lab_process_lives(&self));
    self.started++; /* the same id, another process */
    assert_false(lab_process_lives(&self));
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_false(lab_process_note(child, &self, NULL)); /* a zombie */
    waitpid(child, NULL, 0);
}

static void only_a_directory_of_ours_is_used(void **unused)
{
    (void)unused;
    char base[] = "/tmp/tare-test-XXXXXX", path[256], wanted[256] = "";
    struct err e = { 0 };
    assert_non_null(mkdtemp(base));
    setenv("XDG_RUNTIME_DIR", "/", 1); /* not ours, unless we are root */
    unsetenv("XDG_RUNTIME_DIR");
    setenv("TMPDIR", base, 1);
    text_append(wanted, sizeof wanted, "%s/tare-%u", base, geteuid());
    assert_int_equal(symlink("/etc", wanted), 0); /* what another user could have put there */
    assert_false(runtime_dir_get(path, sizeof path, &e));
    assert_non_null(strstr(e.text, "is no directory"));
    assert_int_equal(unlink(wanted), 0);
    assert_true(runtime_dir_get(path, sizeof path, &e));
    assert_string_equal(path, wanted);
    assert_int_equal(chmod(wanted, 0755), 0);
    assert_false(runtime_dir_get(path, sizeof path, &e));
    assert_non_null(strstr(e.text, "is open to others"));
    assert_int_equal(rmdir(wanted), 0);
    setenv("XDG_RUNTIME_DIR", base, 1);
    assert_true(runtime_dir_get(path, sizeof path, &e));
    assert_non_null(strstr(path, "/tare"));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(base), 0);
}

static void only_a_labs_own_files_are_removed(void **unused)
{
    (void)unused;
    static const char *const OWN[] = { "record", "host.log", "keys.db", "peer.invite.aB3xYz" };
    char dir[] = "/tmp/tare-test-XXXXXX", path[256];
    struct err e = { 0 };
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i <= ARRAY_SIZE(OWN); i++) {
        path[0] = '\0';
        text_append(path, sizeof path, "%s/%s", dir, i < ARRAY_SIZE(OWN) ? OWN[i] : "thesis.tex");
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
    }
    assert_false(lab_directory_clear(dir, &e));
    assert_non_null(strstr(e.text, "thesis.tex"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    assert_true(lab_directory_clear(dir, &e));
    assert_int_not_equal(access(dir, F_OK), 0);
    assert_true(lab_directory_clear(dir, &e)); /* gone already is as good */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_reads_back_as_it_was),
        cmocka_unit_test(a_cut_record_is_refused),
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_line),
        cmocka_unit_test(a_process_may_be_named_anything),
        cmocka_unit_test(a_process_is_known_by_its_start),
        cmocka_unit_test(only_a_directory_of_ours_is_used),
        cmocka_unit_test(only_a_labs_own_files_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
