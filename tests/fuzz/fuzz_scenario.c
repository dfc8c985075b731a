/* A scenario from anywhere: it is read or refused with a reason; what is told about it is
 * printable; what is read can be planned, and its options travel. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fuzz.h"
#include "scenario/pace.h"

enum { TRIALS_WALKED = 2000, OVERRIDES = 32 };

/* The "# --set PATH=VALUE" lines that the text begins with, as in the golden scenarios; `head` is the
 * caller's copy of its first bytes. */
static void find_overrides(char *head, const char *overrides[OVERRIDES + 1])
{
    static const char SET[] = "# --set ";
    size_t count = 0;
    for (char *line = head, *end; count < OVERRIDES && strncmp(line, SET, sizeof SET - 1) == 0; line = end + 1) {
        overrides[count++] = line + sizeof SET - 1;
        end = strchr(line, '\n');
        if (!end)
            break;
        *end = '\0';
    }
    overrides[count] = NULL;
}

static void check_printed(const struct diags *diags)
{
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    FUZZ_REQUIRE(to);
    diags_print(diags, to);
    fclose(to);
    FUZZ_REQUIRE((size > 0) == (diags_count(diags) > 0));
    for (char *at = shown, *end; (end = memchr(at, '\n', (size_t)(shown + size - at))); at = end + 1)
        FUZZ_REQUIRE(text_is_printable(at, (size_t)(end - at)));
    free(shown);
}

static void check_plan(const struct scenario *scenario)
{
    struct plan *plan = plan_new(scenario, scenario->seed);
    FUZZ_REQUIRE(plan && plan_total(plan) > 0 && plan_left(plan) == plan_total(plan));
    struct pace *pace = pace_new(scenario, 0, PACE_UNKNOWN);
    struct plan_trial trial;
    FUZZ_REQUIRE(pace);
    struct span_ns before = pace_left(pace, plan);
    for (int i = 1; i <= TRIALS_WALKED && plan_next(plan, &trial); i++) {
        FUZZ_REQUIRE(trial.load_count > 0 && trial.step < (int)scenario->step_count);
        for (size_t k = 0; k < trial.load_count; k++)
            FUZZ_REQUIRE(trial.loads[k] >= 0 && trial.loads[k] < (int)scenario->node_count);
        FUZZ_REQUIRE(plan_left(plan) == plan_total(plan) - i);
        const struct span_ns left = pace_left(pace, plan);
        FUZZ_REQUIRE(left.least >= 0 && left.most >= left.least);
        FUZZ_REQUIRE(left.least <= before.least && left.most <= before.most);
        before = left;
    }
    FUZZ_REQUIRE(plan_left(plan) > 0 || before.most == 0);
    pace_destroy(&pace);
    plan_destroy(&plan);
}

static void check_options(const struct scenario_step *step)
{
    char packed[4096], again[4096];
    struct err e = { 0 };
    const struct schema *schema = step->workload->options;
    void *back = calloc(1, schema->size);
    FUZZ_REQUIRE(back && schema_pack(schema, step->options, packed, sizeof packed, &e));
    FUZZ_REQUIRE(schema_unpack(schema, packed, back, &e));
    FUZZ_REQUIRE(schema_pack(schema, back, again, sizeof again, &e));
    FUZZ_REQUIRE(strcmp(packed, again) == 0);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *scenario = NULL;
    struct diags *diags = diags_new("fuzz.yaml");
    FUZZ_REQUIRE(diags);
    char head[4096] = "";
    const char *overrides[OVERRIDES + 1];
    memcpy(head, data, size < sizeof head ? size : sizeof head - 1);
    find_overrides(head, overrides);
    bool good = scenario_parse_with((const char *)data, size, overrides, &scenario, diags);
    FUZZ_REQUIRE(good == (diags_count(diags) == 0) && good == (scenario != NULL));
    check_printed(diags);
    if (good) {
        check_plan(scenario);
        for (size_t i = 0; i < scenario->step_count; i++)
            check_options(&scenario->steps[i]);
    }
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return 0;
}
