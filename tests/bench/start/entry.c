/* How long after T a program of others enters its `main`: executed at T by a process that was held until then, or
 * held executed and linked by tare-gate.so. Both wait at the same gate, pinned, under SCHED_FIFO where that is allowed.
 *
 *     start-entry LIBRARY PROGRAM SHOTS      PROGRAM is tests/programs/entered.c
 *
 * Prints, in ns after T, a shot a line and the ways in turn: WAY NS, as in "exec-spin 512345".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/start_gate.h"
#include "base/clock.h"
#include "gate/gate.h"

enum { AHEAD_MS = 50, SETTLE_MS = 10 * 1000, WAYS = 4 };

static const char *library, *program;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "start-entry: %s\n", what);
    exit(1);
}

struct shot {
    int64_t at_ns;
    bool may_spin;
    struct gate *gate; /* NULL: executed at T */
};

static _Noreturn void become(const struct shot *shot, int out)
{
    static const _Atomic bool NEVER;
    char *const argv[] = { (char *)program, NULL }, *const none[] = { NULL };
    dup2(out, 1);
    if (shot->gate) {
        if (gate_enter(shot->gate, program))
            execve(program, argv, gate_environment(shot->gate));
        _exit(1);
    }
    struct start_gate gate = { .at_ns = shot->at_ns, .may_spin = shot->may_spin, .cancelled = &NEVER };
    start_gate_prepare();
    (void)start_gate_approach(&gate);
    (void)start_gate_pass(&gate);
    start_gate_leave(&gate);
    execve(program, argv, none);
    _exit(1);
}

/* When its `main` was entered. */
static int64_t entered_ns(int out)
{
    char line[64];
    long long ns = 0;
    FILE *f = fdopen(out, "r");
    if (!f || !fgets(line, sizeof line, f) || sscanf(line, "entered %lld", &ns) != 1)
        die("the program says nothing");
    fclose(f);
    return ns;
}

static void arm(struct shot *shot)
{
    const int64_t deadline = clock_mono_ns() + clock_ms(SETTLE_MS);
    while (gate_state(shot->gate) == GATE_NEW && clock_mono_ns() < deadline)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(1));
    if (gate_state(shot->gate) != GATE_HELD)
        die(gate_state(shot->gate) == GATE_BARRED ? gate_why(shot->gate) : "the program is not held");
    shot->at_ns = clock_raw_ns() + clock_ms(AHEAD_MS);
    gate_arm(shot->gate, &(struct gate_instant){ shot->at_ns, shot->may_spin, 0 });
}

static void fire(bool is_preloaded, bool may_spin)
{
    static const char *const NOTHING[] = { NULL };
    struct err e = { .text = "" };
    struct shot shot = { .at_ns = clock_raw_ns() + clock_ms(AHEAD_MS), .may_spin = may_spin };
    struct gate_passage passed;
    int out[2], status = 1;
    if (pipe2(out, O_CLOEXEC) != 0)
        die("no pipe");
    if (is_preloaded && !gate_new(library, NOTHING, clock_mono_ns() + clock_ms(SETTLE_MS), &shot.gate, &e))
        die(e.text);
    pid_t pid = fork();
    if (pid == 0) {
        if (shot.gate)
            gate_allow_fifo(shot.gate);
        become(&shot, out[1]);
    }
    close(out[1]);
    if (shot.gate)
        arm(&shot);
    const int64_t ns = entered_ns(out[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || (shot.gate && !gate_passage(shot.gate, &passed)))
        die("the program failed");
    printf("%s-%s %" PRId64 "\n", is_preloaded ? "gate" : "exec", may_spin ? "spin" : "sleep", ns - shot.at_ns);
    gate_destroy(&shot.gate);
}

int main(int argc, char **argv)
{
    const int shots = argc == 4 ? atoi(argv[3]) : 0;
    if (shots < 1) {
        fputs("usage: start-entry LIBRARY PROGRAM SHOTS\n", stderr);
        return 2;
    }
    library = argv[1];
    program = argv[2];
    for (int i = 0; i < WAYS * shots; i++)
        fire(i % 2, i % WAYS < 2);
    return 0;
}
