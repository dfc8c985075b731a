#include "value.h"

#include <math.h>

#include "report/print.h"

json_t *value_text(const char *from)
{
    char clean[1024];
    return json_string(print_clean(from, clean, sizeof clean));
}

json_t *value_word(const char *from) { return *from ? value_text(from) : json_null(); }

json_t *value_real(double from) { return isfinite(from) ? json_real(from) : json_null(); }

json_t *value_if(bool known, int64_t from) { return known ? json_integer(from) : json_null(); }

json_t *value_utc(int64_t real_ns)
{
    char out[32];
    return *print_utc(real_ns, out, sizeof out) ? json_string(out) : json_null();
}

json_t *value_parsed(const char *from)
{
    json_t *value = from ? json_loads(from, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(value))
        return value;
    json_decref(value);
    return json_object();
}

json_t *value_object(const struct member *members, size_t count)
{
    json_t *made = json_object();
    bool ok = made != NULL;
    for (size_t i = 0; i < count; i++) {
        if (ok)
            ok = json_object_set_new(made, members[i].key, members[i].value) == 0;
        else
            json_decref(members[i].value);
    }
    if (ok)
        return made;
    json_decref(made);
    return NULL;
}

json_t *value_append(json_t *array, json_t *element)
{
    if (json_array_append_new(array, element) == 0)
        return array;
    json_decref(array);
    return NULL;
}

bool value_write(json_t *root, FILE *out, struct err *e)
{
    /* 15 digits: as many as any decimal number keeps in a double, so that 0.98 is not 0.97999999999999998. */
    bool ok = root && json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0;
    json_decref(root);
    if (!ok)
        return err_set(e, ERR_INTERNAL, "out of memory for the JSON");
    fputc('\n', out);
    return true;
}
