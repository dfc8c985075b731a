#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive_place.h"

/* Each struct is compared as a whole, with its pointers blanked after what they own was compared:
 * a field that the archive forgets cannot be forgotten here too. */
#define SAME_ROWS(a, b, array, count)                                                     \
    do {                                                                                  \
        assert_int_equal((a)->count, (b)->count);                                         \
        if ((a)->count)                                                                   \
            assert_memory_equal((a)->array, (b)->array, (a)->count * sizeof *(a)->array); \
        free((a)->array), free((b)->array);                                               \
        (a)->array = (b)->array = NULL;                                                   \
        (a)->count = (b)->count = 0;                                                      \
    } while (0)
#define SAME_STRING(a, b, member)                      \
    do {                                               \
        assert_string_equal((a)->member, (b)->member); \
        free((a)->member), free((b)->member);          \
        (a)->member = (b)->member = NULL;              \
    } while (0)

static void same_laps(struct stream *a, struct stream *b)
{
    assert_int_equal(a->lap_count, b->lap_count);
    for (size_t i = 0; i < a->lap_count; i++) {
        struct lap *x = &a->laps[i], *y = &b->laps[i];
        SAME_STRING(x, y, counters);
        SAME_ROWS(&x->times, &y->times, bytes, size);
    }
    SAME_ROWS(a, b, laps, lap_count);
}

static void same_trial(struct trial *a, struct trial *b)
{
    assert_int_equal(a->stream_count, b->stream_count);
    for (size_t i = 0; i < a->stream_count; i++) {
        SAME_ROWS(&a->streams[i], &b->streams[i], figures, figure_count);
        SAME_ROWS(&a->streams[i], &b->streams[i], points, point_count);
        SAME_ROWS(&a->streams[i], &b->streams[i], latencies, latencies_size);
        same_laps(&a->streams[i], &b->streams[i]);
    }
    SAME_ROWS(a, b, streams, stream_count);
    SAME_ROWS(a, b, clocks, clock_count);
    SAME_ROWS(a, b, kernel_clocks, kernel_clock_count);
    SAME_ROWS(a, b, costs, cost_count);
    SAME_ROWS(a, b, skews, skew_count);
    SAME_ROWS(a, b, arounds, around_count);
    SAME_ROWS(a, b, flags, flag_count);
}

static void same_run(struct run *a, struct run *b)
{
    assert_int_equal(a->trial_count, b->trial_count);
    assert_int_equal(a->node_count, b->node_count);
    assert_int_equal(a->step_count, b->step_count);
    for (size_t i = 0; i < a->trial_count; i++)
        same_trial(&a->trials[i], &b->trials[i]);
    for (size_t i = 0; i < a->node_count; i++)
        SAME_STRING(&a->nodes[i], &b->nodes[i], fingerprint);
    for (size_t i = 0; i < a->step_count; i++)
        SAME_STRING(&a->steps[i], &b->steps[i], options);
    SAME_ROWS(a, b, trials, trial_count);
    SAME_ROWS(a, b, nodes, node_count);
    SAME_ROWS(a, b, steps, step_count);
    SAME_STRING(a, b, scenario_text);
    SAME_STRING(a, b, overrides);
    SAME_STRING(a, b, left_out);
    assert_memory_equal(a, b, sizeof *a);
}

static void a_run_comes_back_as_it_was(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    OK(archive_open(place->path, &archive, &e));
    for (int round = 1; round <= 20; round++) {
        struct run *run = new_run();
        OK(archive_begin(archive, run, &e));
        assert_int_equal(run->no, round);
        OK(archive_node(archive, run, fill_node(run_add_node(run)), &e));
        OK(archive_node(archive, run, &run->nodes[0], &e)); /* joins again: known */
        for (int i = 0; i < 9; i++)
            keep_trial(archive, run);
        run->status = (enum run_status)(1 + below(RUN_STATUS_COUNT - 1));
        run->ended_real_ns = draw_i64();
        FILL(run->why);
        OK(archive_end(archive, run, &e));
        struct run *back = read_run(place->path, round % 2 ? "last" : run->uuid);
        same_run(run, back);
        run_destroy(&run);
        run_destroy(&back);
    }
    archive_close(&archive);
}

static void a_trial_that_the_plan_cannot_have_is_refused_whole(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(place->path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    keep_trial(archive, run);
    struct trial wrong = { .step = 1 }; /* block 0 is of step 0 */
    REFUSED(archive_trial(archive, run, &wrong, &e), ERR_INTERNAL, "of another step");
    wrong = (struct trial){ .step = 2, .block = 1 }; /* the run has two steps */
    REFUSED(archive_trial(archive, run, &wrong, &e), ERR_INTERNAL, "FOREIGN KEY");
    REFUSED(archive_trial(archive, run, &run->trials[0], &e), ERR_INTERNAL, "UNIQUE"); /* kept already */
    keep_trial(archive, run); /* nothing of all that stands in the way */
    struct run *back = read_run(place->path, "last");
    same_run(run, back);
    archive_close(&archive);
    run_destroy(&run);
    run_destroy(&back);
}

static void the_archive_is_the_users_alone(void **state)
{
    const struct place *place = *state;
    mode_t before = umask(0);
    struct archive *archive = NULL;
    OK(archive_open(place->path, &archive, &e));
    umask(before);
    struct stat s;
    char path[160];
    static const struct {
        const char *name;
        mode_t mode;
    } CASES[] = {
        { "data", 0700 }, { "data/tare", 0700 }, { "data/tare/archive.db", 0600 }, { "data/tare/archive.db-wal", 0600 }
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        snprintf(path, sizeof path, "%s/%s", place->directory, CASES[i].name);
        assert_int_equal(stat(path, &s), 0);
        assert_int_equal(s.st_mode & 0777, CASES[i].mode);
    }
    archive_close(&archive);
}

static void the_default_place_follows_the_environment(void **state)
{
    (void)state;
    char path[256];
    setenv("HOME", "/home/u", 1);
    setenv("XDG_DATA_HOME", "relative", 1);
    OK(archive_default_path(path, sizeof path, &e));
    assert_string_equal(path, "/home/u/.local/share/tare/archive.db");
    setenv("XDG_DATA_HOME", "/data", 1);
    OK(archive_default_path(path, sizeof path, &e));
    assert_string_equal(path, "/data/tare/archive.db");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    REFUSED(archive_default_path(path, sizeof path, &e), ERR_USAGE, "--archive");
}

/* Run `child` in a process of its own that ends by SIGKILL. */
static void in_a_killed_process(void (*child)(const char *path), const char *path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        child(path);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void begin_and_keep_two(const char *path)
{
    struct archive *archive = NULL;
    struct run *run = new_run();
    struct err e;
    if (!archive_open(path, &archive, &e) || !archive_begin(archive, run, &e))
        _exit(1);
    for (int i = 0; i < 2; i++) {
        fill_trial(run_add_trial(run), i);
        if (!archive_trial(archive, run, &run->trials[i], &e))
            _exit(2);
    }
}

static void a_killed_run_is_aborted_and_keeps_its_trials(void **state)
{
    const struct place *place = *state;
    in_a_killed_process(begin_and_keep_two, place->path);
    draw();                                        /* the child drew what comes next here */
    struct run *seen = read_run(place->path, "1"); /* a reader sees it, but cannot mark it */
    assert_int_equal(seen->status, RUN_ABORTED);
    assert_int_equal(seen->trial_count, 2);
    assert_non_null(strstr(seen->why, "without a word"));
    run_destroy(&seen);

    struct archive *archive = NULL;
    struct run *own = new_run();
    OK(archive_open(place->path, &archive, &e));
    OK(archive_begin(archive, own, &e));
    struct run *running = read_run(place->path, "last"); /* ours is alive */
    assert_int_equal(running->status, RUN_RUNNING);
    assert_int_equal(running->no, 2);
    run_destroy(&running);
    archive_close(&archive);

    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT status FROM run ORDER BY no", -1, &statement, NULL);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "aborted"); /* marked by the opening */
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "running");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    run_destroy(&own);
}

static void runs_are_found_by_number_uuid_and_last(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    struct run *run = NULL;
    OK(archive_open(place->path, &archive, &e));
    REFUSED(archive_read(archive, "last", false, &run, &e), ERR_USAGE, "holds no run yet");
    static const char *const UUIDS[] = { "abcd1111-0000", "abcd2222-0000", "12345678-0000" };
    for (size_t i = 0; i < ARRAY_SIZE(UUIDS); i++) {
        struct run *made = new_run();
        text_copy(made->uuid, sizeof made->uuid, UUIDS[i]);
        OK(archive_begin(archive, made, &e));
        run_destroy(&made);
    }
    static const struct {
        const char *which;
        int no;
        const char *because;
    } CASES[] = {
        { "1", 1, "" },
        { "3", 3, "" },
        { "last", 3, "" },
        { "abcd1", 1, "" },
        { "1234", 3, "" },
        { "abcd2222-0000", 2, "" },
        { "abcd", 0, "2 runs" },
        { "abc", 0, "no run 'abc'" },
        { "4", 0, "no run" },
        { "0", 0, "no run" },
        { "-1", 0, "no run" },
        { "", 0, "no run" },
        { "____", 0, "no run" },
        { "%%%%", 0, "no run" },
        { "99999999999999999999", 0, "no run" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        if (CASES[i].no == 0) {
            REFUSED(archive_read(archive, CASES[i].which, false, &run, &e), ERR_USAGE, CASES[i].because);
            continue;
        }
        OK(archive_read(archive, CASES[i].which, false, &run, &e));
        assert_int_equal(run->no, CASES[i].no);
        run_destroy(&run);
    }
    archive_close(&archive);
}

static bool count_runs(const struct run *run, int trials, void *arg)
{
    int *seen = arg;
    assert_int_equal(run->no, *seen + 1);
    assert_int_equal(trials, 4);
    assert_null(run->trials);
    return ++*seen < 2;
}

static void the_list_is_oldest_first_and_stops_on_demand(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    int seen = 0;
    for (int i = 0; i < 3; i++)
        make_archive_with_a_run(place->path);
    OK(archive_open_read(place->path, &archive, &e));
    OK(archive_list(archive, count_runs, &seen, &e));
    assert_int_equal(seen, 2);
    archive_close(&archive);
}

/* A reader that is busy while trials come in sees a whole number of whole trials, and holds nobody up. */
static void a_reader_beside_a_writer_sees_whole_trials(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(place->path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        size_t most = 0;
        while (most < 100) {
            struct archive *mine = NULL;
            struct run *seen = NULL;
            struct err e;
            if (!archive_open_read(place->path, &mine, &e) || !archive_read(mine, "last", true, &seen, &e))
                _exit(1);
            if (seen->trial_count < most)
                _exit(2);
            most = seen->trial_count;
            for (size_t i = 0; i < most; i++)
                if (seen->trials[i].stream_count == 0 || seen->trials[i].flag_count == 0)
                    _exit(3); /* fill_trial always makes one at least */
            run_destroy(&seen);
            archive_close(&mine);
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++)
        keep_trial(archive, run);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    archive_close(&archive);
    run_destroy(&run);
}

static void words_and_their_enums_agree(void **state)
{
    (void)state;
#define AGREES(type, LIST, COUNT)                                    \
    for (int i = 0; i < (COUNT); i++)                                \
        assert_int_equal(type##_from(type##_name((enum type)i)), i); \
    assert_int_equal(type##_from("no such word"), -1);               \
    assert_string_equal(type##_name(COUNT), "?");
    MODEL_ENUMS(AGREES)
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_their_enums_agree),
        cmocka_unit_test(the_default_place_follows_the_environment),
        IN_PLACE(a_run_comes_back_as_it_was),
        IN_PLACE(a_trial_that_the_plan_cannot_have_is_refused_whole),
        IN_PLACE(the_archive_is_the_users_alone),
        IN_PLACE(a_killed_run_is_aborted_and_keeps_its_trials),
        IN_PLACE(runs_are_found_by_number_uuid_and_last),
        IN_PLACE(the_list_is_oldest_first_and_stops_on_demand),
        IN_PLACE(a_reader_beside_a_writer_sees_whole_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
