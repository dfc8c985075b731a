/* json_text.h - a text as what stands between the quotes of a JSON string. */
#ifndef TARE_JSON_TEXT_H
#define TARE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Append `value` with JSON's escapes (RFC 8259, 7) to the text in `to` of `size` bytes. Where it is
 * not UTF-8 its bytes above 127 become '?', so that the result always is. False when it was cut. */
bool json_text_append(char *to, size_t size, const char *value);

#endif
