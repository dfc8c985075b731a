#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/text.h"

/* A directory of its own for each test. */
struct place {
    char directory[64], path[128];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    text_copy(place->directory, sizeof place->directory, "/tmp/tare-archive-XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    text_append(place->path, sizeof place->path, "%s/data/tare/archive.db", place->directory);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", place->directory);
    int status = system(command);
    free(place);
    return status;
}

#define OK(call)                                               \
    do {                                                       \
        struct err e = { 0 };                                  \
        if (!(call))                                           \
            fail_msg("%s:%d: %s", __FILE__, __LINE__, e.text); \
    } while (0)

#define REFUSED(call, exit_code, because)                                              \
    do {                                                                               \
        struct err e = { 0 };                                                          \
        assert_false(call);                                                            \
        if (e.exit != (exit_code) || !strstr(e.text, because) || strchr(e.text, '\n')) \
            fail_msg("%s:%d: exit %d: %s", __FILE__, __LINE__, (int)e.exit, e.text);   \
    } while (0)

/* Random but the same each time; every field of every struct gets a value. */
static uint64_t draw(void)
{
    static uint64_t state = 88172645463325252U; /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int64_t draw_i64(void) { return (int64_t)draw(); }
static int draw_int(void) { return (int)(int32_t)(uint32_t)draw(); }
static int below(int limit) { return (int)(draw() % (uint64_t)limit); }
static double draw_real(void) { return (double)draw_i64() / 1e6; }

#define FILL(array) fill_text(array, sizeof(array))
static void fill_text(char *text, size_t size)
{
    static const char *const PIECES[] = { "a", "Z", "0", " ", "'", "\"", ";", "\xc3\xbc", "\n", "%", "?" };
    memset(text, 0, size);
    int pieces = below((int)size);
    for (int i = 0; i < pieces; i++)
        if (!text_append(text, size, "%s", PIECES[below(ARRAY_SIZE(PIECES))]))
            break;
}

static char *draw_string(void)
{
    char text[2000];
    FILL(text);
    return strdup(text);
}

static void fill_stream(struct stream *s)
{
    FILL(s->node), FILL(s->peer), FILL(s->direction), FILL(s->gate);
    s->role = (enum stream_role)below(STREAM_ROLE_COUNT);
    s->operates = below(2);
    s->first_op_ns = draw_i64(), s->first_op_bound_ns = draw_i64();
    s->last_op_ns = draw_i64(), s->last_op_bound_ns = draw_i64();
    s->own_elapsed_ns = draw_i64();
    for (int i = below(6); i >= 0; i--) {
        char name[32], unit[16];
        FILL(name), FILL(unit);
        assert_true(stream_add_figure(s, name, unit, draw_real(), (enum window)below(WINDOW_COUNT),
                                      (enum figure_clock)below(FIGURE_CLOCK_COUNT)));
        FILL(s->figures[s->figure_count - 1].path);
    }
    s->point_count = (size_t)below(300);
    s->points = s->point_count ? calloc(s->point_count, sizeof *s->points) : NULL;
    struct meter_point point = { 0 };
    for (size_t i = 0; i < s->point_count; i++) {
        point.raw_ns += below(1000000000);
        point.bytes += draw() >> 20;
        point.operations += draw() >> 20;
        s->points[i] = point;
    }
}

/* Trial `order` of a run with two steps and two trials a block. */
static void fill_trial(struct trial *t, int order)
{
    t->step = (order / 2) % 2, t->round = order / 4, t->block = order / 2, t->idx = order % 2;
    t->attempt = below(3), t->order = order;
    t->kind = (enum trial_kind)below(TRIAL_KIND_COUNT);
    t->at_ns = draw_i64(), t->at_real_ns = draw_i64();
    t->verdict = (enum verdict)below(VERDICT_COUNT);
    FILL(t->late), FILL(t->guest_state), FILL(t->why);
    t->partial = below(2);
    for (int i = below(4); i >= 0; i--)
        fill_stream(trial_add_stream(t));
    for (int i = below(4); i >= 0; i--) {
        struct clock_fit *c = trial_add_clock(t);
        FILL(c->node), FILL(c->stamps);
        c->offset_ns = draw_i64(), c->bound_ns = draw_i64();
        c->ppm = draw_real(), c->ppm_bound = INFINITY, c->wander_ppm = draw_real();
        c->probes = draw_int();
    }
    for (int i = below(4); i >= 0; i--) {
        struct cost *c = trial_add_cost(t);
        FILL(c->node);
        c->scope = (enum cost_scope)below(COST_SCOPE_COUNT);
        c->wall_ns = draw_i64(), c->cpus = draw_int(), c->used_ns = draw_i64(), c->user_ns = draw_i64();
        c->sys_ns = draw_i64(), c->iowait_ns = draw_i64(), c->steal_ns = draw_i64();
        c->idle_baseline_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        struct skew *s = trial_add_skew(t);
        FILL(s->a), FILL(s->b);
        s->ns = draw_i64(), s->bound_ns = draw_i64();
    }
    for (int i = below(4); i >= 0; i--) {
        assert_true(trial_add_flag(t, below((int)t->stream_count + 1) - 1, "kind", draw_real(), draw_real(), "text"));
        FILL(t->flags[t->flag_count - 1].kind);
        FILL(t->flags[t->flag_count - 1].text);
    }
}

static struct run_node *fill_node(struct run_node *n)
{
    FILL(n->name), FILL(n->role), FILL(n->instance), FILL(n->boot_id), FILL(n->product), FILL(n->version);
    FILL(n->address);
    n->fingerprint = draw_string();
    return n;
}

/* Without trials; the caller adds them as they happen. */
static struct run *new_run(void)
{
    struct run *run = calloc(1, sizeof *run);
    for (int i = 0; i < 32; i++)
        text_append(run->uuid, sizeof run->uuid, "%x", below(16));
    FILL(run->scenario), FILL(run->version), FILL(run->why);
    run->scenario_text = draw_string(), run->overrides = draw_string();
    run->seed = draw() | UINT64_C(1) << 63, run->schema = draw_int(), run->rounds = draw_int();
    run->tolerance_ns = draw_i64(), run->started_real_ns = draw_i64();
    for (int i = 0; i < 2; i++) {
        struct run_step *step = run_add_step(run);
        FILL(step->name), FILL(step->workload), FILL(step->when), FILL(step->to);
        step->options = draw_string();
    }
    for (int i = 0; i < 2; i++)
        fill_node(run_add_node(run));
    return run;
}

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

static void same_trial(struct trial *a, struct trial *b)
{
    assert_int_equal(a->stream_count, b->stream_count);
    for (size_t i = 0; i < a->stream_count; i++) {
        SAME_ROWS(&a->streams[i], &b->streams[i], figures, figure_count);
        SAME_ROWS(&a->streams[i], &b->streams[i], points, point_count);
    }
    SAME_ROWS(a, b, streams, stream_count);
    SAME_ROWS(a, b, clocks, clock_count);
    SAME_ROWS(a, b, costs, cost_count);
    SAME_ROWS(a, b, skews, skew_count);
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
    assert_memory_equal(a, b, sizeof *a);
}

static void keep_trial(struct archive *archive, struct run *run)
{
    struct trial *trial = run_add_trial(run);
    fill_trial(trial, (int)run->trial_count - 1);
    OK(archive_trial(archive, run, trial, &e));
}

static struct run *read_run(const char *path, const char *which)
{
    struct archive *archive = NULL;
    struct run *run = NULL;
    OK(archive_open_read(path, &archive, &e));
    OK(archive_read(archive, which, true, &run, &e));
    archive_close(&archive);
    assert_null(archive);
    return run;
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

static void alter(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void make_archive_with_a_run(const char *path)
{
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    for (int i = 0; i < 4; i++)
        keep_trial(archive, run);
    run->status = RUN_COMPLETE;
    OK(archive_end(archive, run, &e));
    archive_close(&archive);
    run_destroy(&run);
}

static void what_is_no_archive_of_ours_is_refused_untouched(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    REFUSED(archive_open_read(place->path, &archive, &e), ERR_USAGE, "there is none");
    REFUSED(archive_open_read(place->directory, &archive, &e), ERR_INTERNAL, "cannot be opened");
    REFUSED(archive_open(place->directory, &archive, &e), ERR_INTERNAL, "Is a directory");

    char path[128];
    snprintf(path, sizeof path, "%s/other", place->directory);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database at all\n", file);
    fclose(file);
    REFUSED(archive_open(path, &archive, &e), ERR_USAGE, "not a tare archive");
    REFUSED(archive_open_read(path, &archive, &e), ERR_USAGE, "not a tare archive");
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, 19000);

    unlink(path);
    alter(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    REFUSED(archive_open(path, &archive, &e), ERR_USAGE, "not a tare archive");

    make_archive_with_a_run(place->path);
    alter(place->path, "PRAGMA user_version = 99");
    REFUSED(archive_open(place->path, &archive, &e), ERR_USAGE, "newer tare");
    REFUSED(archive_open_read(place->path, &archive, &e), ERR_USAGE, "newer tare");
    assert_null(archive);
}

static void a_truncated_file_is_told(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    struct stat s;
    assert_int_equal(stat(place->path, &s), 0);
    assert_int_equal(truncate(place->path, s.st_size / 8192 * 4096), 0);
    struct archive *archive = NULL;
    struct run *run = NULL;
    struct err why = { 0 };
    bool ok = archive_open_read(place->path, &archive, &why) && archive_read(archive, "last", true, &run, &why);
    archive_close(&archive);
    assert_false(ok);
    assert_non_null(strstr(why.text, "damaged"));
    assert_non_null(strstr(why.text, place->path));
    REFUSED(archive_open(place->path, &archive, &e), ERR_INTERNAL, "damaged");
}

/* Every byte of a page may be wrong: an error or a run, never a crash. Worth most under the sanitizers. */
static void noise_in_the_file_never_crashes(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    struct stat s;
    assert_int_equal(stat(place->path, &s), 0);
    int read = 0, refused = 0;
    for (int round = 0; round < 300; round++) {
        int fd = open(place->path, O_RDWR);
        unsigned char old[4], noise[4];
        off_t at = 100 + (off_t)(draw() % (uint64_t)(s.st_size - 104));
        uint32_t random = (uint32_t)draw();
        memcpy(noise, &random, sizeof noise);
        assert_int_equal(pread(fd, old, sizeof old, at), sizeof old);
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
        struct archive *archive = NULL;
        struct run *run = NULL;
        struct err e = { 0 };
        if (archive_open_read(place->path, &archive, &e) && archive_read(archive, "last", true, &run, &e))
            read++;
        else
            refused += e.text[0] != '\0';
        archive_close(&archive);
        run_destroy(&run);
        assert_int_equal(pwrite(fd, old, sizeof old, at), sizeof old);
        close(fd);
    }
    assert_int_equal(read + refused, 300);
    assert_true(read > 0 && refused > 0);
}

static void values_that_make_no_sense_are_named(void **state)
{
    const struct place *place = *state;
    static const struct {
        const char *sql, *because;
    } CASES[] = {
        { "UPDATE run SET status = 'sleeping'", "run.status is a word" },
        { "UPDATE run SET uuid = printf('%.*c', 4000, 'x')", "run.uuid is no text, or too long" },
        { "UPDATE trial SET verdict = 'fine'", "trial.verdict is a word" },
        { "UPDATE trial SET partial = 2", "trial.partial is neither" },
        { "UPDATE trial SET attempt = 1 << 40", "trial.attempt is no number of 32 bits" },
        { "UPDATE flag SET stream = 99", "flag.stream is none" },
        { "PRAGMA foreign_keys = OFF; UPDATE block SET step = 7", "block.step is none" },
        { "DELETE FROM block; PRAGMA foreign_keys = OFF", NULL }, /* the trials go with it */
        { "UPDATE sample SET points = x'00'", "sample.points" },
        { "UPDATE sample SET points = zeroblob(0)", NULL },
        { "UPDATE sample SET points = x'ffffffffffffffff00000000000000000000000000000000'", "backwards" },
        { "UPDATE figure SET name = 'a' || char(0) || 'b'", "figure.name is no text" },
        { "DROP TABLE skew", "its tables are not tare's" },
        { "ALTER TABLE skew RENAME COLUMN a TO z", "its tables are not tare's" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        make_archive_with_a_run(place->path);
        alter(place->path, CASES[i].sql);
        struct archive *archive = NULL;
        struct run *run = NULL;
        struct err why = { 0 };
        OK(archive_open_read(place->path, &archive, &e));
        bool ok = archive_read(archive, "last", true, &run, &why);
        if (CASES[i].because ? ok || !strstr(why.text, CASES[i].because) : !ok)
            fail_msg("%s: %s", CASES[i].sql, ok ? "was read" : why.text);
        archive_close(&archive);
        run_destroy(&run);
        unlink(place->path);
    }
}

static void a_null_is_no_value(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    alter(place->path, "CREATE TABLE bare AS SELECT * FROM skew; DROP TABLE skew; ALTER TABLE bare RENAME TO skew;"
                       "UPDATE skew SET ns = NULL");
    struct archive *archive = NULL;
    struct run *run = NULL;
    OK(archive_open_read(place->path, &archive, &e));
    REFUSED(archive_read(archive, "last", true, &run, &e), ERR_INTERNAL, "skew.ns is no whole number");
    archive_close(&archive);
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

/* A disk of 256 KiB at `directory`; false where only root may have one. */
static bool mount_small_disk(const char *directory)
{
    return mkdir(directory, 0700) == 0 && geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, "size=256k") == 0;
}

static void a_full_disk_keeps_what_was_finished(void **state)
{
    const struct place *place = *state;
    char disk[96], path[128];
    snprintf(disk, sizeof disk, "%s/disk", place->directory);
    snprintf(path, sizeof path, "%s/archive.db", disk);
    if (!mount_small_disk(disk)) {
        puts("skip: a small disk needs the right to mount");
        skip();
    }
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    struct err why = { 0 };
    size_t kept = 0;
    for (bool fits = true; fits && kept < 1000; kept += fits) {
        struct trial trial = { 0 };
        fill_trial(&trial, (int)kept);
        fits = archive_trial(archive, run, &trial, &why);
        trial_clear(&trial);
    }
    assert_in_range(kept, 1, 999);
    assert_int_equal(why.exit, ERR_PARTIAL);
    assert_non_null(strstr(why.text, "disk full"));
    assert_non_null(strstr(why.text, path));
    archive_close(&archive);
    struct run *back = read_run(path, "last");
    assert_int_equal(back->trial_count, kept);
    run_destroy(&back);
    run_destroy(&run);
    umount(disk);
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
        IN_PLACE(the_archive_is_the_users_alone),
        IN_PLACE(a_killed_run_is_aborted_and_keeps_its_trials),
        IN_PLACE(what_is_no_archive_of_ours_is_refused_untouched),
        IN_PLACE(a_truncated_file_is_told),
        IN_PLACE(noise_in_the_file_never_crashes),
        IN_PLACE(values_that_make_no_sense_are_named),
        IN_PLACE(a_null_is_no_value),
        IN_PLACE(runs_are_found_by_number_uuid_and_last),
        IN_PLACE(a_full_disk_keeps_what_was_finished),
        IN_PLACE(the_list_is_oldest_first_and_stops_on_demand),
        IN_PLACE(a_reader_beside_a_writer_sees_whole_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
