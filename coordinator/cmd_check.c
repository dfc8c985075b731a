/* cmd_check.c - `tare check`: every mistake of a scenario, without running it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "commands.h"
#include "run/attempt.h"
#include "scenario/override.h"
#include "scenario/plan.h"
#include "scenario/plan_show.h"
#include "scenario/scenario.h"

static const struct command_option OPTIONS[] = { OVERRIDE_OPTION };

const struct command tare_check = {
    .name = "tare check",
    .doc = "tell every mistake in scenarios, without running them",
    .text = "FILE may be '-' for standard input.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "FILE", ARGUMENT_FILE, 1, -1 } },
    .notes = "Exit code: 0 when all files are good, 2 when one is not.",
    .example = "tare check scenarios/quickstart.yaml",
    .run = cmd_check,
};

static void print_count(size_t count, const char *noun) { printf("%zu %s%s, ", count, noun, count == 1 ? "" : "s"); }

static bool print_summary(const char *file, const struct scenario *scenario)
{
    struct plan *plan = plan_new(scenario, scenario->seed);
    struct pace *pace = pace_new(scenario, attempt_overhead_ns(), PACE_UNKNOWN);
    char wait[96];
    if (!plan || !pace) {
        log_error("%s: out of memory", file);
        plan_destroy(&plan);
        pace_destroy(&pace);
        return false;
    }
    printf("%s: ok: ", file);
    print_count(scenario->node_count, "node");
    print_count(scenario->step_count, "step");
    print_count((size_t)scenario->repeats, "round");
    print_count((size_t)plan_total(plan), "trial");
    printf("about %s\n", units_show_span(pace_left(pace, plan), wait, sizeof wait));
    plan_show_matrices(scenario, stdout);
    plan_destroy(&plan);
    pace_destroy(&pace);
    return true;
}

static bool check_file(const char *path, const struct overrides *overrides)
{
    const char *file = strcmp(path, "-") == 0 ? "stdin" : path;
    struct diags *diags = diags_new(file);
    if (!diags) {
        log_error("%s: out of memory", file);
        return false;
    }
    struct scenario *scenario = NULL;
    bool good = scenario_load_with(path, overrides->list, &scenario, diags);
    if (good)
        good = print_summary(file, scenario);
    else
        diags_print(diags, stderr);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return good;
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    (void)option; /* there is but one */
    return overrides_add(to, value, e);
}

int cmd_check(int argc, char **argv)
{
    struct overrides overrides = { 0 };
    int code = command_begin(&tare_check, argc, argv, take, &overrides);
    if (code >= 0)
        return code;
    bool good = true;
    for (int i = optind; i < argc; i++)
        good = check_file(argv[i], &overrides) && good;
    return good ? 0 : ERR_USAGE;
}
