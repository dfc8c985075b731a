#include "control.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

enum { DATA_AT = 8 }; /* behind type and word */

enum kind { KIND_INT, KIND_UINT, KIND_LONG, KIND_FLOAT, KIND_DOUBLE, KIND_TEXT, KIND_BYTES };

struct field {
    const char *name;
    enum kind kind;
    size_t at, size; /* in the message */
    size_t member;   /* in struct control */
};

#define FIELD(T, at, size, name, kind) \
    { #name, kind, DATA_AT + (at), size, offsetof(struct control, T) + offsetof(struct control_##T, name) },
#define FIELD_I(T, at, name) FIELD(T, at, 4, name, KIND_INT)
#define FIELD_U(T, at, name) FIELD(T, at, 4, name, KIND_UINT)
#define FIELD_H(T, at, name) FIELD(T, at, 8, name, KIND_LONG)
#define FIELD_F(T, at, name) FIELD(T, at, 4, name, KIND_FLOAT)
#define FIELD_D(T, at, name) FIELD(T, at, 8, name, KIND_DOUBLE)
#define FIELD_S(T, at, name, size) FIELD(T, at, size, name, KIND_TEXT)
#define FIELD_B(T, at, name, size) FIELD(T, at, size, name, KIND_BYTES)

#define TABLE(FORM, member)                                                                                          \
    static const struct field FORM##_TABLE[] = { CONTROL_##FORM##_FIELDS(member, FIELD_I, FIELD_U, FIELD_H, FIELD_F, \
                                                                         FIELD_D, FIELD_S, FIELD_B){ .name = NULL } };
CONTROL_FORMS(TABLE)

#define TABLE_OF(FORM, member) [CONTROL_FORM_##FORM] = FORM##_TABLE,
static const struct field *const TABLES[] = { CONTROL_FORMS(TABLE_OF) };

static const struct request {
    uint32_t type;
    const char *name;
    enum control_form form;
} REQUESTS[] = {
#define REQUEST(number, NAME, FORM) { number, #NAME, CONTROL_FORM_##FORM },
    CONTROL_REQUESTS(REQUEST)
};

static const struct request *find_request(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_SIZE(REQUESTS); i++)
        if (REQUESTS[i].type == type)
            return &REQUESTS[i];
    return NULL;
}

/* Floats travel as their bits. */
static uint64_t bits_of(const struct field *f, const unsigned char *member)
{
    uint32_t word = 0;
    uint64_t both = 0;
    if (f->size == sizeof word) {
        memcpy(&word, member, sizeof word);
        return word;
    }
    memcpy(&both, member, sizeof both);
    return both;
}

static void put(const struct field *f, const struct control *c, unsigned char *bytes)
{
    const unsigned char *member = (const unsigned char *)c + f->member;
    switch (f->kind) {
    case KIND_TEXT: memcpy(bytes + f->at, member, strnlen((const char *)member, f->size)); break;
    case KIND_BYTES: memcpy(bytes + f->at, member, f->size); break;
    default: bytes_put(bytes + f->at, f->size, bits_of(f, member)); break;
    }
}

static void get(const struct field *f, struct control *c, const unsigned char *bytes)
{
    unsigned char *member = (unsigned char *)c + f->member;
    const uint64_t bits = f->size <= sizeof bits ? bytes_get(bytes + f->at, f->size) : 0;
    const uint32_t word = (uint32_t)bits;
    float single;
    double both;
    switch (f->kind) {
    case KIND_INT:
    case KIND_UINT: memcpy(member, &word, sizeof word); break;
    case KIND_LONG: memcpy(member, &bits, sizeof bits); break;
    case KIND_FLOAT:
        memcpy(&single, &word, sizeof single);
        single = isfinite(single) ? single : 0;
        memcpy(member, &single, sizeof single);
        break;
    case KIND_DOUBLE:
        memcpy(&both, &bits, sizeof both);
        both = isfinite(both) ? both : 0;
        memcpy(member, &both, sizeof both);
        break;
    case KIND_TEXT: /* the member has room for a NUL behind it, and is zero */
        memcpy(member, bytes + f->at, strnlen((const char *)bytes + f->at, f->size));
        text_disarm((char *)member);
        break;
    case KIND_BYTES: memcpy(member, bytes + f->at, f->size); break;
    }
}

void control_encode(const struct control *c, unsigned char bytes[CONTROL_BYTES])
{
    memset(bytes, 0, CONTROL_BYTES);
    bytes_put(bytes, 4, c->type);
    bytes_put(bytes + 4, 4, (uint32_t)c->word);
    for (const struct field *f = TABLES[c->form]; f->name; f++)
        put(f, c, bytes);
}

void control_decode(const unsigned char bytes[CONTROL_BYTES], enum control_form form, struct control *c)
{
    *c = (struct control){ .type = (uint32_t)bytes_get(bytes, 4),
                           .word = (int32_t)(uint32_t)bytes_get(bytes + 4, 4),
                           .form = form };
    for (const struct field *f = TABLES[form]; f->name; f++)
        get(f, c, bytes);
}

bool control_decode_request(const unsigned char bytes[CONTROL_BYTES], struct control *c)
{
    const struct request *known = find_request((uint32_t)bytes_get(bytes, 4));
    control_decode(bytes, known ? known->form : CONTROL_FORM_OTHER, c);
    return known != NULL;
}

const char *control_name(uint32_t type, char *out, size_t size)
{
    const struct request *known = find_request(type);
    if (known)
        text_copy(out, size, known->name);
    else
        snprintf(out, size, "type %" PRIu32, type);
    return out;
}

static void show(const struct field *f, const struct control *c, char *out, size_t size)
{
    const unsigned char *member = (const unsigned char *)c + f->member;
    const uint64_t bits = f->size <= sizeof(uint64_t) ? bits_of(f, member) : 0;
    static const unsigned char NOTHING[sizeof(struct control)];
    float single;
    double both;
    if (memcmp(member, NOTHING, f->size) == 0)
        return;
    text_append(out, size, "%s%s=", *out ? " " : "", f->name);
    switch (f->kind) {
    case KIND_INT: text_append(out, size, "%" PRId32, (int32_t)(uint32_t)bits); break;
    case KIND_UINT:
    case KIND_LONG: text_append(out, size, "%" PRIu64, bits); break;
    case KIND_FLOAT:
        memcpy(&single, member, sizeof single);
        text_append(out, size, "%g", (double)single);
        break;
    case KIND_DOUBLE:
        memcpy(&both, member, sizeof both);
        text_append(out, size, "%.0f", both);
        break;
    case KIND_TEXT: text_append(out, size, "'%s'", (const char *)member); break;
    case KIND_BYTES:
        for (size_t i = 0; i < f->size; i++)
            text_append(out, size, "%02x", member[i]);
        break;
    }
}

const char *control_show(const struct control *c, char *out, size_t size)
{
    out[0] = '\0';
    for (const struct field *f = TABLES[c->form]; f->name && c->form != CONTROL_FORM_PASSPHRASE; f++)
        show(f, c, out, size);
    return out;
}
