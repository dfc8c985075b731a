#include "counters.h"

#include <string.h>

#include "base/text.h"

/* The sum of the counters whose names end so; -1 when there is none. */
static int64_t sum_of(const virTypedParameter *parameters, int n, const char *const *endings, size_t count)
{
    int64_t sum = -1;
    for (int i = 0; i < n; i++) {
        const virTypedParameter *p = &parameters[i];
        size_t length = strlen(p->field);
        for (size_t k = 0; k < count; k++) {
            size_t ending = strlen(endings[k]);
            if (p->type == VIR_TYPED_PARAM_ULLONG && length >= ending &&
                strcmp(p->field + length - ending, endings[k]) == 0)
                sum = (sum < 0 ? 0 : sum) + (int64_t)p->value.ul;
        }
    }
    return sum;
}

int64_t counters_exits(const virTypedParameter *parameters, int count)
{
    static const char *const EXITS[] = { ".exits.sum" };
    return sum_of(parameters, count, EXITS, ARRAY_SIZE(EXITS));
}

int64_t counters_halt_poll_ns(const virTypedParameter *parameters, int count)
{
    static const char *const POLLS[] = { "haltpoll.success.time", "haltpoll.fail.time" };
    return sum_of(parameters, count, POLLS, ARRAY_SIZE(POLLS));
}
