#include "commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "scenario/plan.h"
#include "scenario/scenario.h"

/* What a trial takes beside its own times: calibration before and after, preparing, arming. */
static const int64_t OVERHEAD_NS = 2 * (int64_t)CLOCK_NS_PER_S;

static const char HELP[] = "usage: tare check FILE...\n"
                           "\n"
                           "Read scenarios and tell every mistake with its place, without running anything.\n"
                           "FILE may be '-' for standard input.\n"
                           "\n"
                           "  -h, --help   this text\n"
                           "\n"
                           "Exit code: 0 when all files are good, 2 when one is not.\n"
                           "\n"
                           "Example:\n"
                           "  tare check scenarios/quickstart.yaml\n";

static void print_count(size_t count, const char *noun) { printf("%zu %s%s, ", count, noun, count == 1 ? "" : "s"); }

static bool print_summary(const char *file, const struct scenario *scenario)
{
    struct plan *plan = plan_new(scenario);
    if (!plan) {
        log_error("%s: out of memory", file);
        return false;
    }
    char wait[40];
    printf("%s: ok: ", file);
    print_count(scenario->node_count, "node");
    print_count(scenario->step_count, "step");
    print_count((size_t)scenario->repeats, "round");
    print_count((size_t)plan_total(plan), "trial");
    printf("about %s\n", units_show_wait(plan_left_ns(plan, OVERHEAD_NS), wait, sizeof wait));
    plan_destroy(&plan);
    return true;
}

static bool check_file(const char *path)
{
    const char *file = strcmp(path, "-") == 0 ? "stdin" : path;
    struct diags *diags = diags_new(file);
    if (!diags) {
        log_error("%s: out of memory", file);
        return false;
    }
    struct scenario *scenario = NULL;
    bool good = scenario_load(path, &scenario, diags);
    if (good)
        good = print_summary(file, scenario);
    else
        diags_print(diags, stderr);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return good;
}

int cmd_check(int argc, char **argv)
{
    static const struct option OPTIONS[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
    optind = 0; /* glibc: begin anew, main may have read options of its own */
    for (int option; (option = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return 0;
        }
        fputs("See 'tare check --help'.\n", stderr);
        return ERR_USAGE;
    }
    if (optind == argc) {
        log_error("check: name a scenario, as in 'tare check scenarios/quickstart.yaml'");
        return ERR_USAGE;
    }
    bool good = true;
    for (int i = optind; i < argc; i++)
        good = check_file(argv[i]) && good;
    return good ? 0 : ERR_USAGE;
}
