#include "json_text.h"

#include <string.h>

#include "text.h"

bool json_text_append(char *to, size_t size, const char *value)
{
    bool is_utf8 = true;
    for (const char *at = value; *at && is_utf8; at += strcspn(at, "\n")) {
        at += *at == '\n';
        is_utf8 = text_is_printable(at, strcspn(at, "\n"));
    }
    bool fits = true;
    for (const char *at = value; *at && fits; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\')
            fits = text_append(to, size, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fits = text_append(to, size, "\\u%04x", c);
        else
            fits = text_append(to, size, "%c", c >= 0x80 && !is_utf8 ? '?' : c);
    }
    return fits;
}
