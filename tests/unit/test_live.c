/* What the live view's sinks write: into a pipe, also one that nobody reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "golden.h"
#include "live/live.h"
#include "live/outlet.h"
#include "sample_run.h"

enum { TRIALS_MANY = 300, LINES_MANY = 5000 };

struct place {
    int pipe[2];
    struct live *live;
    struct run *run;
};

static void begin(struct place *p, enum live_kind kind)
{
    struct err e = { 0 };
    assert_int_equal(pipe(p->pipe), 0);
    if (!live_open(kind, p->pipe[1], &p->live, &e))
        fail_msg("%s", e.text);
    p->run = rich_run();
}

/* Everything that was written, once the live view is closed. */
static char *finish(struct place *p)
{
    static char text[8 << 20];
    size_t size = 0;
    ssize_t more;
    live_close(&p->live);
    close(p->pipe[1]);
    while ((more = read(p->pipe[0], text + size, sizeof text - 1 - size)) > 0)
        size += (size_t)more;
    text[size] = '\0';
    close(p->pipe[0]);
    run_destroy(&p->run);
    return text;
}

static const struct live_step STEP = { .name = "both",
                                       .rounds = 3,
                                       .round = 1,
                                       .trial = 4,
                                       .trials = 9,
                                       .warmup_ns = INT64_C(500000000),
                                       .length_ns = INT64_C(5000000000),
                                       .overhead_ns = INT64_C(750000000),
                                       .left_ns = INT64_C(24000000000) };

static void tell_rates(struct live *live, int64_t at_ns)
{
    const struct live_rate rates[] = { { "host", "peer", "send", true, "bit/s", true, 94.11e6, 93.9e6, 12300, "tx+rx",
                                         0 },
                                       { "guest", "peer", "receive", false, "bit/s", false, 0, 0, -1, "", 0.97 } };
    live_rates(live, at_ns, rates, 2);
}

/* A run with everything in it. */
static void play(struct place *p)
{
    live_node(p->live, &(struct live_node){ "host", "node", "0.1.0", "10.77.0.2" });
    live_note(p->live, "waiting for %s", "peer");
    live_run(p->live, p->run, 9, &(struct live_expected){ { INT64_C(57000000000), INT64_C(57000000000) }, 0 });
    live_begin(p->live, &STEP);
    tell_rates(p->live, -1);
    for (int i = 0; i <= 11; i++)
        tell_rates(p->live, clock_ms(200) * i);
    log_warn("from '%s': \033[2J odd", "guest");
    for (size_t i = 0; i < p->run->trial_count; i++)
        live_trial(p->live, &STEP, &p->run->trials[i], STEP.left_ns);
    live_end(p->live, "partial", 5, "1 of 9 trials not measured whole");
}

static void plain_lines_are_as_agreed(void **state)
{
    (void)state;
    struct place p;
    begin(&p, LIVE_PLAIN);
    play(&p);
    golden_check("live/plain", finish(&p));
}

static void none_keeps_warnings_only(void **state)
{
    (void)state;
    struct place p;
    begin(&p, LIVE_NONE);
    play(&p);
    const char *text = finish(&p);
    assert_non_null(strstr(text, "warning: from 'guest'"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
}

static void lines_of_the_log_go_through_it_while_it_is_open(void **state)
{
    (void)state;
    struct place p;
    begin(&p, LIVE_PLAIN);
    log_error("broken");
    const char *text = finish(&p);
    assert_non_null(strstr(text, "error: broken\n"));
}

static void every_line_of_jsonl_is_an_object_with_its_event(void **state)
{
    (void)state;
    static const char *const EVENTS[] = { "node", "note", "run", "begin", "rates", "trial", "done" };
    int seen[ARRAY_SIZE(EVENTS)] = { 0 };
    struct place p;
    begin(&p, LIVE_JSONL);
    size_t trials = p.run->trial_count;
    play(&p);
    for (char *line = strtok(finish(&p), "\n"); line; line = strtok(NULL, "\n")) {
        json_error_t error;
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (!value)
            fail_msg("%s: %s", error.text, line);
        const char *event = json_string_value(json_object_get(value, "event"));
        assert_non_null(event);
        assert_non_null(json_string_value(json_object_get(value, "time")));
        bool known = false;
        for (size_t i = 0; i < ARRAY_SIZE(EVENTS); i++)
            if (strcmp(event, EVENTS[i]) == 0) {
                seen[i]++;
                known = true;
            }
        assert_true(known);
        if (strcmp(event, "rates") == 0) {
            const json_t *streams = json_object_get(value, "streams"), *first = json_array_get(streams, 0);
            assert_int_equal(json_array_size(streams), 2);
            const json_t *throughput = json_object_get(json_object_get(first, "figures"), "throughput");
            assert_true(json_real_value(json_object_get(throughput, "value")) == 94.11e6);
        }
        if (strcmp(event, "trial") == 0) /* as `tare show` has it */
            assert_non_null(json_object_get(json_object_get(value, "start"), "verdict"));
        if (strcmp(event, "done") == 0)
            assert_int_equal(json_integer_value(json_object_get(value, "exit_code")), 5);
        json_decref(value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(EVENTS); i++)
        assert_true(seen[i] > 0);
    assert_int_equal(seen[4], 12);
    assert_int_equal(seen[5], trials);
}

/* A pipe that is full already. */
static void fill(int fd)
{
    char page[4096];
    int flags = fcntl(fd, F_GETFL);
    memset(page, '.', sizeof page);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (write(fd, page, sizeof page) > 0)
        continue;
    while (write(fd, page, 1) > 0)
        continue;
    assert_int_equal(errno, EAGAIN);
    fcntl(fd, F_SETFL, flags);
}

static void flood(struct place *p)
{
    live_run(p->live, p->run, 9, &(struct live_expected){ { 0, 0 }, 0 });
    for (int i = 0; i < LINES_MANY; i++) {
        live_begin(p->live, &STEP);
        tell_rates(p->live, clock_ms(1000));
        if (i % (LINES_MANY / TRIALS_MANY) == 0)
            live_trial(p->live, &STEP, &p->run->trials[0], 0);
    }
}

static void a_pipe_that_nobody_reads_costs_a_second_at_the_end(void **state)
{
    (void)state;
    for (enum live_kind kind = LIVE_TTY; kind <= LIVE_NONE; kind++) {
        struct place p;
        begin(&p, kind);
        fill(p.pipe[1]);
        int64_t began = clock_mono_ns();
        flood(&p);
        log_warn("odd");
        live_end(p.live, "complete", 0, "");
        if (clock_mono_ns() - began > clock_ms(20000))
            fail_msg("kind %d waited for its reader", (int)kind);
        began = clock_mono_ns();
        live_close(&p.live);
        if (clock_mono_ns() - began > clock_ms(OUTLET_CLOSE_MS + 10000))
            fail_msg("kind %d did not end", (int)kind);
        finish(&p);
    }
}

static size_t count_of(const char *text, const char *words)
{
    size_t count = 0;
    for (; (text = strstr(text, words)); text++)
        count++;
    return count;
}

static void a_slow_reader_misses_rates_and_no_trial(void **state)
{
    (void)state;
    struct place p;
    begin(&p, LIVE_PLAIN);
    fill(p.pipe[1]);
    flood(&p);
    live_end(p.live, "complete", 0, "");
    /* Now it reads, while the writer still may write. */
    fcntl(p.pipe[0], F_SETFL, O_NONBLOCK);
    static char text[8 << 20];
    size_t size = 0;
    for (int64_t end = clock_mono_ns() + clock_ms(500); clock_mono_ns() < end;) {
        ssize_t more = read(p.pipe[0], text + size, sizeof text - 1 - size);
        size += more > 0 ? (size_t)more : 0;
    }
    text[size] = '\0';
    fcntl(p.pipe[0], F_SETFL, 0);
    finish(&p);
    assert_true(count_of(text, "first operation") >= TRIALS_MANY);
    assert_true(count_of(text, " 1.0 s  host send") < LINES_MANY);
    assert_true(count_of(text, " 1.0 s  host send") > 100); /* those before it was full */
    size_t told = 0;
    for (const char *at = text; (at = strstr(at, " lines were left out")); at++) {
        const char *number = at;
        while (number > text && number[-1] >= '0' && number[-1] <= '9')
            number--;
        told += strtoul(number, NULL, 10);
    }
    assert_int_equal(told + count_of(text, " 1.0 s  host send"), LINES_MANY);
}

static void a_reader_who_is_gone_is_forgotten(void **state)
{
    (void)state;
    struct place p;
    signal(SIGPIPE, SIG_IGN);
    begin(&p, LIVE_JSONL);
    close(p.pipe[0]);
    flood(&p);
    int64_t began = clock_mono_ns();
    live_close(&p.live);
    assert_true(clock_mono_ns() - began < clock_ms(500));
    p.pipe[0] = open("/dev/null", O_RDONLY);
    finish(&p);
}

/* Behind the last line's end there is nothing but moves of the cursor and what erases. */
static bool ends_on_a_line_of_its_own(const char *text)
{
    const char *at = strrchr(text, '\n');
    at = at ? at + 1 : text;
    while (*at == '\r' || strncmp(at, "\033[", 2) == 0) {
        at += *at == '\r' ? 1 : 2;
        at += strspn(at, "0123456789;");
        at += *at != '\0' && strchr("ABJK", *at) != NULL;
    }
    return *at == '\0';
}

/* On a terminal (here a pipe, which has no size) what is left at the end are lines. */
static void a_terminal_is_left_as_it_was(void **state)
{
    (void)state;
    struct place p;
    setenv("TERM", "xterm", 1);
    begin(&p, LIVE_TTY);
    live_run(p.live, p.run, 9, &(struct live_expected){ { 0, 0 }, 0 });
    live_begin(p.live, &STEP);
    tell_rates(p.live, 0);
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(3 * OUTLET_FRAME_MS));
    log_warn("odd");
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(3 * OUTLET_FRAME_MS));
    live_trial(p.live, &STEP, &p.run->trials[0], 0);
    live_end(p.live, "complete", 0, "");
    const char *text = finish(&p), *last = NULL;
    assert_non_null(strstr(text, "\033[K")); /* the block was there, */
    for (const char *at = text; (at = strstr(at, "\033[2K")); at++)
        last = at;
    assert_non_null(last);
    assert_null(strstr(last, "\033[K")); /* and was not drawn again after it was erased */
    assert_null(strstr(text, "\033[?")); /* no mode was set */
    assert_null(strstr(text, "\033[2J"));
    assert_true(ends_on_a_line_of_its_own(text));
    assert_non_null(strstr(text, "odd\n"));
}

static void the_sink_is_chosen_by_the_terminal(void **state)
{
    (void)state;
    enum live_kind kind;
    struct err e = { 0 };
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    setenv("TERM", "xterm", 1);
    assert_int_equal(live_choose(LIVE_AUTO, terminal), LIVE_TTY);
    setenv("TERM", "dumb", 1);
    assert_int_equal(live_choose(LIVE_AUTO, terminal), LIVE_PLAIN);
    assert_int_equal(live_choose(LIVE_JSONL, terminal), LIVE_JSONL);
    unsetenv("TERM");
    assert_int_equal(live_choose(LIVE_AUTO, terminal), LIVE_PLAIN);
    close(terminal);
    assert_true(live_kind_from("jsonl", &kind, &e));
    assert_int_equal(kind, LIVE_JSONL);
    assert_false(live_kind_from("json", &kind, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_are_as_agreed),
        cmocka_unit_test(none_keeps_warnings_only),
        cmocka_unit_test(lines_of_the_log_go_through_it_while_it_is_open),
        cmocka_unit_test(every_line_of_jsonl_is_an_object_with_its_event),
        cmocka_unit_test(a_pipe_that_nobody_reads_costs_a_second_at_the_end),
        cmocka_unit_test(a_slow_reader_misses_rates_and_no_trial),
        cmocka_unit_test(a_reader_who_is_gone_is_forgotten),
        cmocka_unit_test(a_terminal_is_left_as_it_was),
        cmocka_unit_test(the_sink_is_chosen_by_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
