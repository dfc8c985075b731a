/* The live view on a real terminal, which tmux is: golden captures at 60, 80 and 200 columns, and what
 * a terminal does to a program that draws on it: ^S and ^Q, ^Z and fg, another size, no colours.
 *
 * Called as "test_live_terminal play" it is the program on that terminal: it tells the live view the
 * same run again and again. A line on its stdin is a wish: "t" for one more trial, "q" for the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "golden.h"
#include "live/live.h"
#include "sample_run.h"

enum { SHOT = 1 << 16, REPLAY_MS = 1200, SHOTS = 400, EVERY_MS = 50, HEIGHT = 50 };

/* ---- the program on the terminal ---- */

static const struct live_step STEP = { .name = "both",
                                       .rounds = 3,
                                       .round = 1,
                                       .trial = 4,
                                       .trials = 9,
                                       .warmup_ns = INT64_C(500000000),
                                       .length_ns = INT64_C(7500000000),
                                       .overhead_ns = INT64_C(750000000),
                                       .left_ns = INT64_C(24000000000) };

/* A trial up to 1.655 s of its measured time: the tenth of a second that may pass until it is drawn shows
 * neither in the time nor in the bar, whose halves of a column are worth 125 ms at most. */
static void play_trial(struct live *live)
{
    struct live_rate rates[] = { { "host", "peer", "send", true, "bit/s", true, 94.11e6, 0, 12300, "tx+rx", 0 },
                                 { "guest", "peer", "receive", false, "bit/s", true, 8.05e6, 0, 431000, "zeromq", 0 },
                                 { "host-with-a-long-name", "peer", "receive", false, "bit/s", false, 0, 0, -1, "",
                                   0 } };
    live_begin(live, &STEP);
    for (int i = 0; i <= 11; i++) {
        rates[0].last_rate = 94e6 + i * 1e4;
        rates[1].is_known = i > 3;
        rates[1].last_rate = i % 4 * 4e6;
        live_rates(live, clock_ms(2155) * i / 11, rates, ARRAY_SIZE(rates));
    }
}

static void play_finished(struct live *live, const struct run *run)
{
    for (size_t i = 0; i < 5; i++) {
        struct live_step step = STEP;
        step.name = run->steps[run->trials[i].step].name;
        step.trial = (int)i;
        live_trial(live, &step, &run->trials[i], STEP.left_ns);
    }
}

static int play(void)
{
    struct live *live = NULL;
    struct err e = { 0 };
    struct run *run = rich_run();
    char wish[16] = "";
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL); /* its shell may go while it is stopped */
    if (!live_open(LIVE_AUTO, STDERR_FILENO, &live, &e)) {
        fputs(e.text, stderr);
        return 1;
    }
    live_node(live, &(struct live_node){ "host", "node", "0.1.0", "10.77.0.2" });
    live_node(live, &(struct live_node){ "peer", "netserver", "0.1.0", "10.77.0.3" });
    live_run(live, run, STEP.trials, &(struct live_expected){ { INT64_C(57000000000), INT64_C(57000000000) }, 0 });
    play_finished(live, run);
    for (int more = 0; wish[0] != 'q';) {
        struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
        play_trial(live);
        wish[0] = '\0';
        if (poll(&input, 1, REPLAY_MS) > 0 && read(STDIN_FILENO, wish, sizeof wish) <= 0)
            wish[0] = 'q';
        if (wish[0] == 't')
            live_note(live, "one more: %d", ++more);
    }
    live_end(live, "complete", 0, "");
    live_close(&live);
    run_destroy(&run);
    puts("over");
    return 0;
}

/* ---- the terminal ---- */

struct terminal {
    char directory[64], shot[SHOT];
    int servers; /* how many there were: one that is ending would refuse a new session */
};

static char self[512];

/* Runs tmux, a server of the test's own; what it prints comes into the shot. */
static void tmux(struct terminal *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void tmux(struct terminal *t, const char *fmt, ...)
{
    char line[2048] = "";
    va_list args;
    text_append(line, sizeof line, "tmux -S %s/%d -f /dev/null ", t->directory, t->servers);
    size_t used = strlen(line);
    va_start(args, fmt);
    vsnprintf(line + used, sizeof line - used, fmt, args);
    va_end(args);
    text_append(line, sizeof line, " 2>&1");
    FILE *out = popen(line, "r"); // NOLINT(cert-env33-c): a command line of our own
    assert_non_null(out);
    t->shot[fread(t->shot, 1, sizeof t->shot - 1, out)] = '\0';
    (void)pclose(out);
}

static int begin(void **state)
{
    struct terminal *t = calloc(1, sizeof *t);
    if (!t)
        return -1;
    text_copy(t->directory, sizeof t->directory, "/tmp/tare-terminal-XXXXXX");
    *state = t;
    return mkdtemp(t->directory) ? 0 : -1;
}

static int end(void **state)
{
    struct terminal *t = *state;
    tmux(t, "kill-server");
    char command[128] = "";
    text_append(command, sizeof command, "rm -rf %s", t->directory);
    int status = system(command); // NOLINT(cert-env33-c): a command line of our own
    free(t);
    return status;
}

static void start(struct terminal *t, int width, const char *command)
{
    tmux(t, "kill-server");
    t->servers++;
    tmux(t, "new-session -d -x %d -y %d \"stty -echo; env LC_ALL=C.UTF-8 %s; exec sleep 60\"", width, HEIGHT, command);
}

static void press(struct terminal *t, const char *keys) { tmux(t, "send-keys %s", keys); }

/* What stands on the terminal and above it, without the empty lines at the end. */
static const char *shoot(struct terminal *t)
{
    tmux(t, "capture-pane -p -S -");
    size_t size = strlen(t->shot);
    while (size > 1 && t->shot[size - 1] == '\n' && t->shot[size - 2] == '\n')
        size--;
    t->shot[size] = '\0';
    return t->shot;
}

static size_t count(const char *text, const char *words)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, words)); at++)
        found++;
    return found;
}

/* Wait until the words are there. */
static void until_shows(struct terminal *t, const char *words)
{
    for (int i = 0; i < SHOTS; i++) {
        if (strstr(shoot(t), words))
            return;
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS));
    }
    fail_msg("never '%s':\n%s", words, t->shot);
}

/* Each finished line once, and below them one block, which is the last on the terminal. */
static void is_well_drawn(struct terminal *t)
{
    const char *run = NULL;
    for (int i = 0; i < SHOTS; i++) { /* not one that is half drawn */
        const char *shot = shoot(t);
        run = strstr(shot, "s left\n");
        if (run && !run[strlen("s left\n")] && count(shot, "host → peer  ") + count(shot, "host -> peer  ") == 1 &&
            count(shot, "s left") == 1)
            break;
        run = NULL;
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS));
    }
    if (!run)
        fail_msg("no one block at the end:\n%s", t->shot);
    static const char *const ONCE[] = { "host joined", "peer joined", "run 12, ", "1/9",
                                        "2/9",         "3/9",         "4/9",      "5/9 stream" };
    for (size_t i = 0; i < ARRAY_SIZE(ONCE); i++)
        if (count(t->shot, ONCE[i]) != 1)
            fail_msg("'%s' %zu times:\n%s", ONCE[i], count(t->shot, ONCE[i]), t->shot);
}

/* ---- what is shown ---- */

static const char *golden(const char *name)
{
    static char text[SHOT];
    char path[512];
    snprintf(path, sizeof path, "%s/golden/%s", TESTS_DIR, name);
    FILE *file = fopen(path, "r");
    text[file ? fread(text, 1, sizeof text - 1, file) : 0] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void the_terminal_looks_as_agreed(void **state)
{
    static const int WIDTHS[] = { 60, 80, 200 };
    struct terminal *t = *state;
    for (size_t i = 0; i < ARRAY_SIZE(WIDTHS); i++) {
        char name[32], play_it[600];
        snprintf(name, sizeof name, "live/terminal-%d", WIDTHS[i]);
        snprintf(play_it, sizeof play_it, "%s play", self);
        start(t, WIDTHS[i], play_it);
        /* The same again every second: until a picture is taken in the moment that the golden one has. */
        until_shows(t, "1.7/7.5 s");
        for (int try = 0; try < SHOTS && strcmp(shoot(t), golden(name)) != 0 && !getenv("TARE_GOLDEN_UPDATE"); try++)
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS / 2));
        golden_check(name, t->shot);
        press(t, "q Enter");
        until_shows(t, "\nover\n");
        assert_null(strstr(t->shot, " left\n")); /* the block is gone, what was finished stays */
        assert_int_equal(count(t->shot, "5/9 stream"), 1);
    }
}

static void colours_are_left_out_where_they_are_not_wanted(void **state)
{
    struct terminal *t = *state;
    char command[600];
    snprintf(command, sizeof command, "%s play", self);
    start(t, 80, command);
    until_shows(t, "s left");
    tmux(t, "capture-pane -p -e");
    assert_non_null(strstr(t->shot, "\033["));
    snprintf(command, sizeof command, "NO_COLOR=1 %s play", self);
    start(t, 80, command);
    until_shows(t, "s left");
    is_well_drawn(t);
    tmux(t, "capture-pane -p -e");
    assert_null(strstr(t->shot, "\033["));
}

static void a_terminal_that_cannot_move_its_cursor_gets_lines(void **state)
{
    struct terminal *t = *state;
    char command[600];
    snprintf(command, sizeof command, "TERM=dumb %s play", self);
    start(t, 200, command);
    until_shows(t, "[5/9] round 2/3 both   1.2 s  host send 94.11 Mbit/s");
    assert_null(strstr(t->shot, " left\n"));
    assert_null(strstr(t->shot, "━"));
}

static void another_size_in_the_middle_leaves_one_block(void **state)
{
    static const int WIDTHS[] = { 60, 120, 80, 200 };
    struct terminal *t = *state;
    char command[600];
    snprintf(command, sizeof command, "%s play", self);
    start(t, 100, command);
    until_shows(t, "s left");
    for (size_t i = 0; i < ARRAY_SIZE(WIDTHS); i++) {
        tmux(t, "resize-window -x %d -y %d", WIDTHS[i], HEIGHT - (int)i);
        /* A row of the old block may have been broken in two before anybody knew: it goes with the
         * next frames that are drawn over it, or stands above, but the block is one and the last. */
        for (int try = 0; try < SHOTS; try++) {
            const char *shot = shoot(t), *last = strrchr(shot, '\n');
            while (last && last > shot && last[-1] != '\n')
                last--;
            if (last && strstr(last, "s left") && count(shot, "1/9") == 1 && count(shot, "5/9 stream") == 1)
                break;
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS));
            if (try + 1 == SHOTS)
                fail_msg("%d columns:\n%s", WIDTHS[i], shot);
        }
    }
}

static void a_terminal_that_is_held_loses_nothing(void **state)
{
    struct terminal *t = *state;
    char command[600];
    snprintf(command, sizeof command, "%s play", self);
    start(t, 80, command);
    until_shows(t, "s left");
    press(t, "C-s");
    press(t, "t Enter");
    press(t, "t Enter");
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(800));
    assert_null(strstr(shoot(t), "one more"));
    press(t, "C-q");
    until_shows(t, "one more: 2");
    is_well_drawn(t);
    assert_int_equal(count(t->shot, "one more: 1\n"), 1);
    assert_int_equal(count(t->shot, "one more: 2\n"), 1);
}

/* A shell takes the terminal while the program is stopped, and gives it back: the old block is left
 * where it is, for the shell has written below it. */
static void a_program_that_was_stopped_draws_anew(void **state)
{
    struct terminal *t = *state;
    char command[600];
    start(t, 80, "PS1='shell> ' bash --norc --noprofile -i");
    until_shows(t, "shell>");
    snprintf(command, sizeof command, "'%s play' Enter", self);
    press(t, command);
    until_shows(t, "s left");
    press(t, "C-z");
    until_shows(t, "Stopped");
    press(t, "'fg' Enter");
    for (int i = 0; i < SHOTS; i++) {
        const char *stopped = strstr(shoot(t), "Stopped"), *again = stopped ? strstr(stopped, "s left\n") : NULL;
        if (again && !again[strlen("s left\n")])
            break;
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS));
        if (i + 1 == SHOTS)
            fail_msg("not drawn again:\n%s", t->shot);
    }
    /* In the background it draws nothing over what others show. */
    press(t, "C-z");
    for (int i = 0; i < SHOTS && count(shoot(t), "Stopped") < 2; i++)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(EVERY_MS));
    press(t, "'bg; echo here; sleep 1.5; echo there' Enter");
    until_shows(t, "\nthere\n");
    const char *here = strstr(t->shot, "\nhere\n"), *there = strstr(t->shot, "\nthere\n");
    assert_non_null(here);
    if (there - here != (ptrdiff_t)strlen("\nhere"))
        fail_msg("drawn in the background:\n%s", t->shot);
    press(t, "'kill %%1' Enter");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_terminal_looks_as_agreed, begin, end),
        cmocka_unit_test_setup_teardown(colours_are_left_out_where_they_are_not_wanted, begin, end),
        cmocka_unit_test_setup_teardown(a_terminal_that_cannot_move_its_cursor_gets_lines, begin, end),
        cmocka_unit_test_setup_teardown(another_size_in_the_middle_leaves_one_block, begin, end),
        cmocka_unit_test_setup_teardown(a_terminal_that_is_held_loses_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_program_that_was_stopped_draws_anew, begin, end),
    };
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return 1;
    self[length] = '\0';
    if (argc > 1 && strcmp(argv[1], "play") == 0)
        return play();
    if (system("command -v tmux >/dev/null") != 0) { // NOLINT(cert-env33-c): a command line of our own
        puts("skip: tmux is not installed");
        return 77;
    }
    setenv("TERM", "xterm", 0); /* ctest may have none */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
