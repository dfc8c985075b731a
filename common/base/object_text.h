/* object_text.h - a JSON object or array written into a buffer, element by element: what does not fit
 * is left out whole, so that the text is JSON at any size. */
#ifndef TARE_OBJECT_TEXT_H
#define TARE_OBJECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OBJECT_TEXT_VALUE = 4096 }; /* the longest text of one element */

struct object_text {
    char *text; /* borrowed */
    size_t size;
    bool is_array, is_cut;
};

/* What must still fit behind the last element: object_text_close says so when one was left out. */
#define OBJECT_TEXT_ENDING ",\"cut\":true}"

/* Begin in `text` of `size` bytes; false when not even an empty one fits. */
bool object_text_open(struct object_text *object, char *text, size_t size);
bool array_text_open(struct object_text *array, char *text, size_t size);

/* Add an element; in an array `key` is not looked at. `value` is JSON. */
void object_text_raw(struct object_text *object, const char *key, const char *value);
void object_text_string(struct object_text *object, const char *key, const char *value);
void object_text_int(struct object_text *object, const char *key, int64_t value);
void object_text_bool(struct object_text *object, const char *key, bool value);

/* End it; an object of which something was left out ends with "cut": true. */
void object_text_close(struct object_text *object);

#endif
