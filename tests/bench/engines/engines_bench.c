/* engines_bench.c - one measurement by an engine of tare, without agent or coordinator; files and CPU on CPU 1.
 *
 *   engines-bench file METHOD MODE RECORD_BYTES FILE_BYTES MS DIRECTORY BUFFER
 *                                                                           BYTES ELAPSED_NS CPU_NS PASSES
 *   engines-bench cpu MS RUNS                                               MEM INT FP, HALF-WIDTH of each, SPEED
 *   engines-bench build TREE JOBS DIRECTORY                                 REAL_NS USER_NS SYS_NS
 *
 * MEM INT FP are against the K6/233, their half-widths of 95 % in percent, SPEED is the CPU's own meanwhile in 10^9
 * steps of a chain a second. The file is written before; passes are repeated until they took MS together (0: one).
 * BUFFER: `huge` pages of bytes that do not compress, as the program has it; `small` pages of the same, for a rival
 * that has no others; or `sparse`: small pages of zeros but for a word each, as IOzone has it. CPU is the thread's own,
 * within the passes, as fio counts it. A tree is built with make, after nothing but its copy.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "stats/series.h"
#include "workloads/compile/build_place.h"
#include "workloads/cpu/cpu_run.h"
#include "workloads/file/file_cell.h"

static void die(const char *why)
{
    fprintf(stderr, "engines-bench: %s\n", why);
    exit(1);
}

static int find(const char *word, const char *(*name)(int), int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, name(i)) == 0)
            return i;
    die("no such method or mode");
    return -1;
}

static const char *method_name(int i) { return FILE_METHOD_TABLE[i].name; }
static const char *mode_name(int i) { return FILE_MODE_NAMES[i]; }

static int64_t number(const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < 0)
        die("that is no number");
    return value;
}

/* Before the buffer is made, so that its pages are as asked for. */
static bool choose_pages(const char *buffer)
{
    return strcmp(buffer, "huge") == 0 || ((strcmp(buffer, "small") == 0 || strcmp(buffer, "sparse") == 0) &&
                                           prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
}

/* Zeros, but for the first word of each page. */
static void thin_out(unsigned char *buffer, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), word = sizeof(uint64_t);
    for (size_t at = 0; at < bytes; at += page)
        memset(buffer + at + word, 0, (bytes - at < page ? bytes - at : page) - word);
}

static void measure_file(char **argv)
{
    const struct file_cell cell = { .method = (enum file_method)find(argv[0], method_name, FILE_METHOD_COUNT),
                                    .lasting_ns = clock_ms(number(argv[4])) };
    _Atomic bool stop = false;
    struct meter meter = { 0 };
    struct file_place place;
    struct file file = { .place = &place,
                         .mode = (enum file_mode)find(argv[1], mode_name, FILE_MODE_COUNT),
                         .record_bytes = (size_t)number(argv[2]),
                         .seed = 1,
                         .meter = &meter,
                         .stop = &stop };
    struct file_result r;
    struct err e = { 0 };
    if (!choose_pages(argv[6]))
        die("the buffer is huge, small or sparse");
    file.records = (uint64_t)number(argv[3]) / file.record_bytes;
    if (!file_place_open(&place, argv[5], &e) || !file_make(&file, &e))
        die(e.text);
    if (strcmp(argv[6], "sparse") == 0)
        thin_out(file.buffer, file.record_bytes);
    if (!file_cell_fill(&file, -1, &e) || !file_cell_prepare(&file, &cell, &r, &e) ||
        !file_cell_run(&file, &cell, &r, &e))
        die(e.text);
    printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", r.bytes, r.elapsed_ns, r.cpu_ns, r.passes);
    file_release(&file);
    file_place_close(&place);
}

/* As many runs as the workload takes at least, of one test. */
static struct series rates_of(const struct kernel *kernel, int64_t lasting_ns, int64_t runs)
{
    const _Atomic bool stop = false;
    struct series rates = { 0 };
    struct meter meter = { 0 };
    struct cpu_run run;
    struct err e = { 0 };
    void *state = cpu_run_make(kernel);
    if (!state)
        die("no memory for a kernel");
    for (int64_t i = 0; i < runs; i++) {
        if (!cpu_run_do(kernel, state, lasting_ns, &meter, &stop, &run, &e))
            die(e.text);
        series_add(&rates, (double)run.amount * 1e9 / (double)run.elapsed_ns);
    }
    free(state);
    return rates;
}

/* How well the runs of its tests know an index, in percent: of a geometric mean the tests' own half-widths add up as
 * errors that have nothing to do with each other. */
static double half_width_of(const struct series rates[CPU_TEST_COUNT], enum cpu_index index)
{
    double sum = 0;
    int count = 0;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        if (CPU_TEST_TABLE[i].index != index)
            continue;
        double own = series_half_width(&rates[i]) / rates[i].mean;
        sum += own * own;
        count++;
    }
    return 100 * sqrt(sum) / count;
}

/* Of a chain of multiplications, each of which waits for the one before: nothing but the CPU's clock changes it. */
static double steps_a_ns(void)
{
    enum { STEPS = 20 * 1000 * 1000 };
    uint64_t x = 1;
    const int64_t begun = clock_raw_ns();
    for (int i = 0; i < STEPS; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        __asm__ volatile("" : "+r"(x)); /* it is not to be reckoned beforehand */
    }
    return (double)STEPS / (double)(clock_raw_ns() - begun);
}

static void measure_cpu(int64_t lasting_ns, int64_t runs)
{
    struct series rates[CPU_TEST_COUNT], speed = { 0 };
    double means[CPU_TEST_COUNT];
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        rates[i] = rates_of(KERNELS[i], lasting_ns, runs);
        means[i] = rates[i].mean;
        series_add(&speed, steps_a_ns());
    }
    for (int i = 0; i < CPU_INDEX_COUNT; i++)
        printf("%.2f ", cpu_index_of(means, (enum cpu_index)i, CPU_BASE_K6));
    for (int i = 0; i < CPU_INDEX_COUNT; i++)
        printf("%.3f ", half_width_of(rates, (enum cpu_index)i));
    printf("%.5f\n", speed.mean);
}

static void measure_build(char **argv)
{
    static struct build_place place;
    struct compile_options o;
    schema_defaults(&COMPILE_SCHEMA, &o);
    snprintf(o.directory, sizeof o.directory, "%s", argv[2]);
    const struct build_order order = { .options = &o,
                                       .tree = argv[0],
                                       .root = "",
                                       .prepared = "",
                                       .jobs = (int)number(argv[1]),
                                       .deadline_mono = clock_mono_ns() + clock_ms(600 * 1000),
                                       .cancel_fd = -1 };
    const struct build_watch watch = { .cancel_fd = -1, .deadline_mono = order.deadline_mono };
    struct meter meter = { 0 };
    struct build_watch timed = watch;
    struct build_run run;
    struct cage_result r;
    struct err e = { .text = "" };
    build_run_init(&run);
    bool ok =
        build_place_enter(&place, &order, &e) && build_place_prepare(&place, &e) && build_place_hold(&place, &run, &e);
    if (ok) {
        timed.meter = &meter; /* as in a trial */
        cage_release(run.cage);
        ok = build_run_wait(&run, &timed, &r, &e);
    }
    if (ok && r.status != 0)
        build_place_tell_failure(&place, &run, r.status, &e);
    build_run_close(&run);
    build_place_leave(&place);
    if (*e.text)
        die(e.text);
    printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", r.ended_ns - r.entered_ns, r.user_ns, r.sys_ns);
}

static void pin(void)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(1, &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
        die("CPU 1 is not to be had");
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "build") == 0) {
        measure_build(argv + 2);
        return 0;
    }
    pin();
    if (argc == 9 && strcmp(argv[1], "file") == 0)
        measure_file(argv + 2);
    else if (argc == 4 && strcmp(argv[1], "cpu") == 0)
        measure_cpu(clock_ms(number(argv[2])), number(argv[3]));
    else
        die("file METHOD MODE RECORD FILE MS DIRECTORY PAGES, cpu MS RUNS, or build TREE JOBS DIRECTORY");
    return 0;
}
