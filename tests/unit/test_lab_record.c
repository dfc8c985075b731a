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
    .machine_count = 4,
    .machines = { { "switch", LAB_IS_SWITCH, { 100, 1000 }, { 0 } },
                  { "coordinator", LAB_IS_COORDINATOR, { 103, UINT64_C(99999999999) }, { 0 } },
                  { "web1", LAB_IS_HOST, { 101, 1001 }, { 104, 1004 } },
                  { "far", LAB_IS_PEER, { 102, 1002 }, { 0 } } },
};

static const char TEXT[] = "tare-lab 2\n"
                           "name paper\n"
                           "boot 6f0c7f1e-3d0e-4c54-9f4b-000000000001\n"
                           "way user\n"
                           "stays yes\n"
                           "shaped no\n"
                           "shifted yes\n"
                           "ipv6 no\n"
                           "switch switch 100 1000\n"
                           "coordinator coordinator 103 99999999999\n"
                           "host web1 101 1001\n"
                           "agent web1 104 1004\n"
                           "peer far 102 1002\n"
                           "end\n";

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
    assert_int_equal(back.machine_count, 4);
    assert_memory_equal(&back.machines, &EXAMPLE.machines, sizeof back.machines);
    assert_int_equal(lab_record_find(&back, "far"), 3);
    assert_int_equal(lab_record_find(&back, "near"), -1);
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
    for (size_t length = 0; length < sizeof TEXT - 1; length++) {
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
        { "tare-lab 2", "tare-lab 1", "does not begin with 'tare-lab 2'" },
        { "name paper", "name ../..", "line 2: 'name'" },
        { "way user", "way sideways", "line 4: 'way'" },
        { "stays yes", "stays maybe", "line 5: 'stays'" },
        { "switch 100", "switch 1", "line 9: 'switch'" }, /* this machine's own init */
        { "switch 100", "switch 0", "line 9: 'switch'" }, /* kill(2): our process group */
        { "switch 100", "switch -1", "line 9: 'switch'" },
        { "switch 100", "switch 4294967396", "line 9: 'switch'" },
        { "switch switch", "switch router", "line 9: 'switch'" },
        { "switch switch 100 1000\n", "", "line 9: 'coordinator'" },
        { "host web1 101 1001", "host web1 101", "line 11: 'host'" },
        { "host web1", "host ../..", "line 11: 'host'" },
        { "host web1", "switch web1", "line 11: 'switch'" },
        { "agent web1", "agent web2", "line 12: 'agent'" },
        { "agent web1", "agent switch", "line 12: 'agent'" },
        { "peer far", "pear far", "line 13: 'pear'" },
        { "peer far", "peer web1", "line 13: 'peer'" },
        { "end\n", "", "is not whole" },
        { "end\n", "end\nend\n", "line 14: 'end'" },
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

static void a_lab_is_cast_by_the_nodes_of_a_scenario(void **unused)
{
    (void)unused;
    static struct lab_node nodes[LAB_NODES_MOST + 1];
    struct lab_record record = { .name = "many" };
    struct err e = { 0 };
    for (int i = 0; i <= LAB_NODES_MOST; i++) {
        snprintf(nodes[i].name, sizeof nodes[i].name, "host%d", i);
        nodes[i].kind = LAB_IS_HOST;
    }
    assert_true(lab_record_cast(&record, nodes, LAB_NODES_MOST, &e));
    assert_int_equal(record.machine_count, LAB_MACHINES_MOST);
    assert_int_equal(lab_record_find(&record, "host0"), LAB_FIRST_NODE);
    /* The longest names of the fullest lab, all of it running, have room. */
    for (int i = 0; i < LAB_MACHINES_MOST; i++) {
        struct lab_machine *m = &record.machines[i];
        m->holder = m->agent = (struct lab_process){ INT32_MAX, INT64_MAX };
        if (i >= LAB_FIRST_NODE)
            snprintf(m->name, sizeof m->name, "%063d", i);
    }
    char text[LAB_RECORD_TEXT];
    assert_true(lab_record_print(&record, text, sizeof text, &e));
    assert_false(lab_record_cast(&record, nodes, LAB_NODES_MOST + 1, &e));
    assert_non_null(strstr(e.text, "room for 62"));
    static const char *const BAD[] = { "switch", "coordinator", "host0", "a b", "" };
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
        text_copy(nodes[1].name, sizeof nodes[1].name, BAD[i]);
        assert_false(lab_record_cast(&record, nodes, 2, &e));
        assert_non_null(strstr(e.text, BAD[i]));
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
    static const char *const OWN[] = { "record", "log", "web1.log", "keys.db", "far.invite.aB3xYz" };
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
        cmocka_unit_test(a_lab_is_cast_by_the_nodes_of_a_scenario),
        cmocka_unit_test(a_process_may_be_named_anything),
        cmocka_unit_test(a_process_is_known_by_its_start),
        cmocka_unit_test(only_a_directory_of_ours_is_used),
        cmocka_unit_test(only_a_labs_own_files_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
