/* value.h - jansson values of the model's facts. Out of memory is NULL, and makes NULL of all that
 * would have held it, so that only the whole has to be looked at.
 */
#ifndef TARE_VALUE_H
#define TARE_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* As print_clean has it. */
json_t *value_text(const char *from);
/* As value_text, null for "". */
json_t *value_word(const char *from);
/* null for what is not finite. */
json_t *value_real(double from);
json_t *value_if(bool known, int64_t from);
/* ISO 8601; null for 0. */
json_t *value_utc(int64_t real_ns);
/* What a text of JSON holds when that is an object, else an empty object. */
json_t *value_parsed(const char *from);

struct member {
    const char *key;
    json_t *value;
};
/* Takes every value, also when it fails. */
json_t *value_object(const struct member *members, size_t count);
#define VALUE_OBJECT(...)                                \
    value_object((const struct member[]){ __VA_ARGS__ }, \
                 sizeof((const struct member[]){ __VA_ARGS__ }) / sizeof(struct member))

/* Append to `array`, taking `element`; the array again, or NULL when one of them was. */
json_t *value_append(json_t *array, json_t *element);

/* Write `root` and a newline, and release it. */
MUST_CHECK bool value_write(json_t *root, FILE *out, struct err *e);

#endif
