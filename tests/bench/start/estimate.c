/* What a log of clock probes (`tare run --probes`) is worth through a port that is filled, against a truth that is
 * known: the node's clock reads OFFSET ns more than the coordinator's.
 *
 *     start-estimate LOG NODE OFFSET [curves]
 *
 * Of each trial, at each probe that was asked while the port was filled (those 100 ms and more apart): how far
 * off is
 *
 *     usual     the middle of the quickest of the last 8 probes
 *     online    the middle of the bound that was known at that moment
 *     proof     the middle of the bound by all probes before, during and after
 *
 * With `curves`, of the last trial, what docs/figures/hulls.gp draws, in blocks: the points that D = coordinator's
 * clock - node's + OFFSET is not below, those that it is not above, and the two ends of the bound over time
 * (s after the first probe; us). Else prints a line each: name, median and largest error, and for the last two the
 * median bound, and how many of the bounds held the truth; in ns.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/bounds.h"

enum { LINES_MAX = 200000, WINDOW = 8, APART_NS = 100 * 1000 * 1000 };

struct line {
    bool is_exchange, is_loaded;
    int64_t t[4];
};

struct answer {
    double error[LINES_MAX], bound[LINES_MAX];
    size_t count, held;
};

static struct line lines[LINES_MAX];
static size_t line_count;
static struct answer usual, online, proof;
static int64_t truth;

static void add(struct answer *a, double error, double bound)
{
    a->error[a->count] = fabs(error);
    a->bound[a->count] = bound;
    a->held += fabs(error) <= bound;
    a->count++;
}

static void take(struct bounds *b, const struct line *l)
{
    struct err e = { 0 };
    if (!(l->is_exchange ? bounds_add(b, l->t[0], l->t[1], l->t[2], l->t[3], &e)
                         : bounds_tighten(b, l->t[2], l->t[3], &e))) {
        fprintf(stderr, "start-estimate: %s\n", e.text);
        exit(1);
    }
}

static void ask(const struct bounds *b, int64_t node_ns, struct answer *a)
{
    struct bounds_interval c;
    struct err e = { 0 };
    if (!bounds_at(b, node_ns, &c, &e)) {
        fprintf(stderr, "start-estimate: %s\n", e.text);
        exit(1);
    }
    add(a, (double)(node_ns - bounds_mid(c) - truth), (double)bounds_half(c));
}

static void usual_of(size_t at)
{
    const struct line *best = NULL;
    int seen = 0;
    for (size_t i = at + 1; i-- > 0 && seen < WINDOW;) {
        const struct line *l = &lines[i];
        if (!l->is_exchange || !l->is_loaded)
            continue;
        seen++;
        if (!best || l->t[3] - l->t[0] - (l->t[2] - l->t[1]) < best->t[3] - best->t[0] - (best->t[2] - best->t[1]))
            best = l;
    }
    if (best)
        add(&usual, (double)((best->t[1] - best->t[0]) + (best->t[2] - best->t[3])) / 2 - (double)truth, 0);
}

static void finish_trial(void)
{
    struct bounds *b = bounds_new(BOUNDS_WANDER_PPM);
    int64_t last = INT64_MAX;
    for (size_t i = 0; b && i < line_count; i++) {
        if (lines[i].is_exchange) {
            lines[i].is_loaded = last != INT64_MAX && lines[i].t[0] - last > APART_NS;
            last = lines[i].t[0];
        }
        take(b, &lines[i]);
        if (lines[i].is_loaded) {
            usual_of(i);
            ask(b, lines[i].t[1], &online);
        }
    }
    for (size_t i = 0; b && i < line_count; i++)
        if (lines[i].is_loaded)
            ask(b, lines[i].t[1], &proof);
    bounds_destroy(&b);
    line_count = 0;
}

/* D's point as drawn. */
static void put(int64_t node_ns, int64_t ahead_ns, int64_t first_ns)
{
    printf("%.6f %.3f\n", (double)(node_ns - first_ns) / 1e9, (double)(ahead_ns + truth) / 1e3);
}

static void put_curves(void)
{
    enum { STEPS = 400 };
    struct bounds *b = bounds_new(BOUNDS_WANDER_PPM);
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; b && i < line_count; i++) {
        take(b, &lines[i]);
        first = lines[i].is_exchange && lines[i].t[1] < first ? lines[i].t[1] : first;
        last = lines[i].t[2] > last ? lines[i].t[2] : last;
    }
    puts("# s, us: not below");
    for (size_t i = 0; i < line_count; i++)
        if (lines[i].is_exchange)
            put(lines[i].t[1], lines[i].t[0] - lines[i].t[1], first);
    puts("\n\n# s, us: not above");
    for (size_t i = 0; i < line_count; i++)
        put(lines[i].t[2], lines[i].t[3] - lines[i].t[2], first);
    puts("\n\n# s, us, us: the bound");
    for (int64_t k = 0; b && k <= STEPS; k++) {
        struct bounds_interval c;
        struct err e = { 0 };
        int64_t at = first + (last - first) / STEPS * k;
        if (bounds_at(b, at, &c, &e))
            printf("%.6f %.3f %.3f\n", (double)(at - first) / 1e9, (double)(c.low_ns - at + truth) / 1e3,
                   (double)(c.high_ns - at + truth) / 1e3);
    }
    bounds_destroy(&b);
}

static void read_line(char *text, const char *node)
{
    char *field[8] = { 0 };
    for (int i = 0; i < 8; i++)
        field[i] = strsep(&text, ",\n");
    if (!field[7] || strcmp(field[1], node) != 0)
        return;
    if (strcmp(field[0], "trial") == 0)
        finish_trial();
    else if (line_count < LINES_MAX) {
        lines[line_count] = (struct line){ .is_exchange = strcmp(field[0], "exchange") == 0 };
        for (int i = 0; i < 4; i++)
            lines[line_count].t[i] = strtoll(field[3 + i], NULL, 10);
        line_count++;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, struct answer *a)
{
    qsort(a->error, a->count, sizeof *a->error, by_size);
    qsort(a->bound, a->count, sizeof *a->bound, by_size);
    printf("%s %.0f %.0f %.0f %zu %zu\n", name, a->error[a->count / 2], a->error[a->count - 1], a->bound[a->count / 2],
           a->held, a->count);
}

int main(int argc, char **argv)
{
    char text[512];
    bool curves = argc == 5 && strcmp(argv[4], "curves") == 0;
    FILE *log = argc == 4 || curves ? fopen(argv[1], "r") : NULL;
    if (!log) {
        fputs("usage: start-estimate LOG NODE OFFSET [curves]\n", stderr);
        return 2;
    }
    truth = strtoll(argv[3], NULL, 10);
    while (fgets(text, sizeof text, log))
        read_line(text, argv[2]);
    fclose(log);
    if (curves) {
        put_curves();
        return 0;
    }
    finish_trial();
    if (usual.count == 0) {
        fputs("start-estimate: no probe through a load\n", stderr);
        return 1;
    }
    print("usual", &usual);
    print("online", &online);
    print("proof", &proof);
    return 0;
}
