/* schema.h - field tables: what a struct takes from text, in one place.
 *
 * A table of fields says for each key its kind, place, range, default and meaning. From it come
 * the reading of a scenario, the text that travels to an agent, the JSON in the archive and the
 * help. Members: int64_t for INT, DURATION (ns), SIZE (bytes), RATE (bit/s) and PERCENT (millionths); bool for BOOL;
 * int for CHOICE
 * (the index of the word in `choices`); char[capacity] for TEXT and NAME.
 */
#ifndef TARE_SCHEMA_H
#define TARE_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum field_kind {
    FIELD_INT,
    FIELD_DURATION,
    FIELD_SIZE,
    FIELD_RATE,
    FIELD_PERCENT,
    FIELD_BOOL,
    FIELD_CHOICE,
    FIELD_TEXT,
    FIELD_NAME
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    int64_t min, max; /* INT, DURATION, SIZE, RATE, PERCENT */
    size_t capacity;  /* TEXT, NAME */
    /* TEXT: what it must be beyond that, with the one line why it is not; NULL: anything. The default is not asked. */
    bool (*check)(const char *text, struct err *e);
    const char *choices;  /* CHOICE: "send|receive|both" */
    const char *fallback; /* the default, as text; NULL when the key must be given */
    const char *doc;      /* one line for the help */
};

struct schema {
    const char *name;
    const struct field *fields;
    size_t count;
    size_t size; /* of the struct */
};

/* Every field to its default; those without one to zero. */
void schema_defaults(const struct schema *schema, void *object);

/* NULL when there is no such key. */
const struct field *schema_field(const struct schema *schema, const char *key);

/* The key that `key` was probably meant to be, or NULL when none is near. */
const char *schema_nearest(const struct schema *schema, const char *key);

/* Read `text` into the field's member of `object`; checks kind, unit, range, choice, length. */
MUST_CHECK bool field_set(const struct field *field, void *object, const char *text, struct err *e);

/* The member as text that field_set reads back to the same value. Returns `out`. */
const char *field_print(const struct field *field, const void *object, char *out, size_t size);

/* The whole object as lines "key=value\n": what travels to an agent. Fails when `size` is too small. */
MUST_CHECK bool schema_pack(const struct schema *schema, const void *object, char *out, size_t size, struct err *e);

/* The reverse, from an untrusted text: starts from the defaults, refuses unknown and repeated
 * keys and whatever field_set refuses. `object` is untouched on failure. */
MUST_CHECK bool schema_unpack(const struct schema *schema, const char *text, void *object, struct err *e);

/* A 64-bit FNV-1a hash over names, keys, kinds, ranges, choices and defaults: two programs with
 * the same number mean the same thing by the same options. */
uint64_t schema_signature(const struct schema *schema);

/* A table: key, kind, range, default and meaning, a line a field below that of the heads. */
void schema_help(const struct schema *schema, FILE *to);

#endif
