#include "object_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_text.h"
#include "text.h"

static bool open_with(struct object_text *object, char *text, size_t size, bool is_array)
{
    if (size < sizeof OBJECT_TEXT_ENDING + sizeof "{")
        return false;
    *object = (struct object_text){ .text = text, .size = size, .is_array = is_array };
    return text_copy(text, size, is_array ? "[" : "{");
}

bool object_text_open(struct object_text *object, char *text, size_t size)
{
    return open_with(object, text, size, false);
}

bool array_text_open(struct object_text *array, char *text, size_t size) { return open_with(array, text, size, true); }

void object_text_raw(struct object_text *object, const char *key, const char *value)
{
    size_t before = strlen(object->text), room = object->size - sizeof OBJECT_TEXT_ENDING;
    const char *comma = before > 1 ? "," : "";
    if (object->is_array ? text_append(object->text, room, "%s%s", comma, value)
                         : text_append(object->text, room, "%s\"%s\":%s", comma, key, value))
        return;
    object->text[before] = '\0';
    object->is_cut = true;
}

void object_text_string(struct object_text *object, const char *key, const char *value)
{
    char quoted[OBJECT_TEXT_VALUE + 3] = "\"";
    if (json_text_append(quoted, sizeof quoted - 1, value) && text_append(quoted, sizeof quoted, "\""))
        object_text_raw(object, key, quoted);
    else
        object->is_cut = true;
}

void object_text_int(struct object_text *object, const char *key, int64_t value)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, value);
    object_text_raw(object, key, number);
}

void object_text_bool(struct object_text *object, const char *key, bool value)
{
    object_text_raw(object, key, value ? "true" : "false");
}

void object_text_close(struct object_text *object)
{
    const char *ending = object->is_array  ? "]"
                         : !object->is_cut ? "}"
                         : object->text[1] ? OBJECT_TEXT_ENDING
                                           : &OBJECT_TEXT_ENDING[1];
    text_append(object->text, object->size, "%s", ending);
}
