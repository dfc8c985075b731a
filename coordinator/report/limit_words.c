#include "limit_words.h"

#include <stdlib.h>

#include "base/text.h"
#include "report/print.h"
#include "report/value.h"

json_t *limit_words_json(const struct limits *limits)
{
    json_t *made = json_array();
    for (int i = 0; i < LIMIT_UNKNOWN; i++) {
        const struct limit *limit = &limits->of[i];
        if (limit->is_known)
            made = value_append(made, VALUE_OBJECT({ "by", json_string(limited_by_name((enum limited_by)i)) },
                                                   { "value", value_real(limit->value) },
                                                   { "ceiling", value_real(limit->ceiling) },
                                                   { "unit", value_text(limit->unit) },
                                                   { "share", value_real(limits_share(limits, (enum limited_by)i)) },
                                                   { "what", value_text(limit->what) }));
    }
    return made;
}

/* Those of the rounds in which the node's trial counts. */
static bool collect(struct sheet *sheet, int step, const char *node, const char *direction, struct limits *list,
                    size_t *count, struct err *e)
{
    *count = 0;
    for (int round = 0; round < sheet_rounds(sheet); round++) {
        const struct trial *trial = sheet_trial(sheet, step, round, node, direction);
        if (trial && !sheet_limits(sheet, trial, node, direction, NULL, &list[(*count)++], e))
            return false;
    }
    return true;
}

bool limit_words_step(struct sheet *sheet, int step, const char *node, const char *direction, char *line, size_t size,
                      struct err *e)
{
    struct limits *list = calloc((size_t)sheet_rounds(sheet) + 1, sizeof *list), median = { 0 };
    size_t count = 0;
    line[0] = '\0';
    bool ok = list ? collect(sheet, step, node, direction, list, &count, e)
                   : err_set(e, ERR_INTERNAL, "out of memory for the limits");
    ok = ok && (count == 0 || limits_median(list, count, &median, e));
    free(list);
    enum limited_by by = ok && count > 0 ? limits_judge(&median) : LIMIT_UNKNOWN;
    if (by == LIMIT_UNKNOWN)
        return ok;
    char words[256], clean[MODEL_NAME], way[16];
    limits_tell(&median, by, words, sizeof words);
    text_append(line, size, "%s%s%s: %s", print_clean(node, clean, sizeof clean), *direction ? " " : "",
                print_clean(direction, way, sizeof way), words);
    return true;
}
