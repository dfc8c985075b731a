#include "plan_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "scenario/plan.h"

enum { CELL = 512, GAP = 2 };

struct sheet {
    const struct scenario *scenario;
    struct plan *plan;
    const struct pace *pace;
    struct span_ns total;
    int number; /* of the trial, from 1 */
};

/* The group that `loads` goes on with, all of it; NULL when it is none. */
static const struct scenario_group *group_at(const struct scenario *s, const int *loads, size_t left)
{
    for (size_t i = 0; i < s->group_count; i++) {
        const struct scenario_group *group = &s->groups[i];
        size_t same = 0;
        while (same < group->count && same < left && (size_t)loads[same] == group->first + same)
            same++;
        if (same == group->count && same > 1)
            return group;
    }
    return NULL;
}

/* "host, guest", "host (4)" */
static void list_loads(const struct scenario *s, const struct plan_trial *trial, char *out)
{
    *out = '\0';
    for (size_t i = 0; i < trial->load_count;) {
        const struct scenario_group *group = group_at(s, trial->loads + i, trial->load_count - i);
        text_append(out, CELL, "%s%s", i ? ", " : "", group ? group->name : s->nodes[trial->loads[i]].name);
        if (group)
            text_append(out, CELL, " (%zu)", group->count);
        i += group ? group->count : 1;
    }
}

/* ---- cells ---- */

static void cell_number(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    (void)trial;
    snprintf(out, CELL, "%d", sheet->number);
}

static void cell_round(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    (void)sheet;
    snprintf(out, CELL, "%d", trial->round + 1);
}

static const struct scenario_step *step_of(const struct sheet *sheet, const struct plan_trial *trial)
{
    return &sheet->scenario->steps[trial->step];
}

static struct workload_time time_of(const struct sheet *sheet, const struct plan_trial *trial)
{
    return catalogue_time(step_of(sheet, trial)->workload, step_of(sheet, trial)->options);
}

static int64_t mid(struct span_ns span) { return span.least + (span.most - span.least) / 2; }

/* The plan has given this trial already: what is left and the trial itself are still to come. */
static void cell_begin(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    const int64_t left_ns = mid(pace_left(sheet->pace, sheet->plan)) + mid(pace_of(sheet->pace, trial));
    units_show_wait(mid(sheet->total) - left_ns, out, CELL);
}

static void cell_step(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    text_copy(out, CELL, step_of(sheet, trial)->name);
}

static void cell_workload(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    text_copy(out, CELL, step_of(sheet, trial)->workload->name);
}

static void cell_loads(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    list_loads(sheet->scenario, trial, out);
}

static void cell_to(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    int to = step_of(sheet, trial)->to;
    text_copy(out, CELL, to >= 0 ? sheet->scenario->nodes[to].name : "-");
}

static void cell_length(const struct sheet *sheet, const struct plan_trial *trial, char *out)
{
    const struct workload_time time = time_of(sheet, trial);
    char warmup[32], length[32];
    if (time.most_ns > time.usual_ns) /* it ends by itself */
        snprintf(out, CELL, "about %s", units_show_wait(time.usual_ns, length, sizeof length));
    else
        snprintf(out, CELL, "%s", units_print_duration(time.usual_ns, length, sizeof length));
    if (time.warmup_ns > 0)
        text_append(out, CELL, " after %s", units_print_duration(time.warmup_ns, warmup, sizeof warmup));
}

static const struct {
    const char *head;
    bool is_right;
    void (*cell)(const struct sheet *sheet, const struct plan_trial *trial, char *out);
} COLUMNS[] = {
    { "trial", true, cell_number }, { "round", true, cell_round },        { "begins at", true, cell_begin },
    { "step", false, cell_step },   { "workload", false, cell_workload }, { "on", false, cell_loads },
    { "to", false, cell_to },       { "length", false, cell_length },
};
enum { COLUMN_COUNT = ARRAY_SIZE(COLUMNS), WIDEST = 40 };

/* ---- the sheet ---- */

void plan_show_matrices(const struct scenario *scenario, FILE *to)
{
    for (size_t i = 0; i < scenario->matrix_count; i++) {
        const struct scenario_matrix *m = &scenario->matrices[i];
        fprintf(to, "%*s%s: %zu cell%s of %s", GAP, "", m->name, m->count, m->count == 1 ? "" : "s", m->axes);
        if (m->left_out > 0)
            fprintf(to, "; %zu whose options do not go together are left out", m->left_out);
        fputc('\n', to);
    }
}

static void put_head(const struct sheet *sheet, FILE *to)
{
    const struct scenario *s = sheet->scenario;
    char wait[96];
    int trials = plan_total(sheet->plan);
    fprintf(to, "%s: %d round%s of %zu step%s, %d trial%s, about %s\n", s->name, s->repeats, s->repeats == 1 ? "" : "s",
            s->step_count, s->step_count == 1 ? "" : "s", trials, trials == 1 ? "" : "s",
            units_show_span(sheet->total, wait, sizeof wait));
    if (s->until > 0)
        fprintf(to, "%*sa step ends after %d rounds or more, when its ratios are known to +-%.3g %%\n", GAP, "",
                s->repeats_least, 100 * s->until);
    if (s->order == ORDER_RANDOM && s->seed == 0)
        fprintf(to, "%*sthe nodes' order in each block is drawn when it is run: `seed` fixes it\n", GAP, "");
    plan_show_matrices(s, to);
    for (const char *at = s->overrides ? s->overrides : ""; *at;) {
        size_t size = strcspn(at, "\n");
        fprintf(to, "%*sset %.*s\n", GAP, "", (int)size, at);
        at += size + (at[size] == '\n');
    }
    int name = 0;
    for (size_t i = 0; i < s->node_count; i++)
        name = (int)strlen(s->nodes[i].name) > name ? (int)strlen(s->nodes[i].name) : name;
    fprintf(to, "\n%*s%-*s  role\n", GAP, "", name > 4 ? name : 4, "node");
    for (size_t i = 0; i < s->node_count; i++) {
        const struct scenario_node *node = &s->nodes[i];
        fprintf(to, "%*s%-*s  %s", GAP, "", name > 4 ? name : 4, node->name, node_role_name(node->role));
        fprintf(to, node->on >= 0 ? " on %s\n" : "\n", node->on >= 0 ? s->nodes[node->on].name : "");
    }
    fputc('\n', to);
}

/* A line; NULL for the heads. */
static void put_line(const struct sheet *sheet, const int *widths, const struct plan_trial *trial, FILE *to)
{
    char line[COLUMN_COUNT * (CELL + GAP)] = "", cell[CELL];
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        text_copy(cell, sizeof cell, COLUMNS[i].head);
        if (trial)
            COLUMNS[i].cell(sheet, trial, cell);
        text_append(line, sizeof line, "%*s%*s", GAP, "", COLUMNS[i].is_right ? widths[i] : -widths[i], cell);
    }
    size_t size = strlen(line);
    while (size > 0 && line[size - 1] == ' ')
        size--;
    fprintf(to, "%.*s\n", (int)size, line);
}

/* Each round is as wide as the first; only numbers and times grow, to no more than the last ones. */
static void measure(struct sheet *sheet, int *widths)
{
    struct plan_trial trial;
    char cell[CELL];
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        widths[i] = (int)strlen(COLUMNS[i].head);
    while (plan_next(sheet->plan, &trial) && trial.round == 0)
        for (size_t i = 0; i < COLUMN_COUNT; i++) {
            COLUMNS[i].cell(sheet, &trial, cell);
            int width = (int)strlen(cell) < WIDEST ? (int)strlen(cell) : WIDEST;
            widths[i] = width > widths[i] ? width : widths[i];
        }
}

bool plan_show(const struct scenario *scenario, const struct pace *pace, FILE *to)
{
    struct sheet sheet = { .scenario = scenario, .plan = plan_new(scenario, scenario->seed), .pace = pace };
    struct plan_trial trial;
    int widths[COLUMN_COUNT];
    if (!sheet.plan)
        return false;
    sheet.total = pace_left(pace, sheet.plan);
    measure(&sheet, widths);
    plan_destroy(&sheet.plan);
    sheet.plan = plan_new(scenario, scenario->seed);
    if (!sheet.plan)
        return false;
    put_head(&sheet, to);
    put_line(&sheet, widths, NULL, to);
    while (plan_next(sheet.plan, &trial)) {
        sheet.number++;
        put_line(&sheet, widths, &trial, to);
    }
    plan_destroy(&sheet.plan);
    return true;
}
