#include "message.h"

#include <string.h>

#include "base/text.h"
#include "wire/check.h"

enum kind { KIND_U32, KIND_I64, KIND_TEXT, KIND_BYTES };

struct wire_field {
    const char *name;
    enum kind kind;
    size_t offset, size_offset, max;
};

struct layout {
    const char *name;
    enum message_type type;
    const struct wire_field *fields;
    size_t count, size;
};

/* The tables, from the list. */
/* clang-format off */
#define U_FIELD(T, f) { #f, KIND_U32, offsetof(T, f), 0, 0 },
#define I_FIELD(T, f) { #f, KIND_I64, offsetof(T, f), 0, 0 },
#define S_FIELD(T, f, max) { #f, KIND_TEXT, offsetof(T, f), 0, max },
#define B_FIELD(T, f, max) { #f, KIND_BYTES, offsetof(T, f), offsetof(T, f##_size), (size_t)(max) },
#define FIELD_TABLE(number, NAME, member)                                                                              \
    static const struct wire_field FIELDS_##NAME[] = { NAME##_FIELDS(struct message_##member, U_FIELD, I_FIELD, S_FIELD, B_FIELD) };
MESSAGES(FIELD_TABLE)

#define LAYOUT(number, NAME, member)                                                                                   \
    { #NAME, MESSAGE_##NAME, FIELDS_##NAME, ARRAY_SIZE(FIELDS_##NAME), sizeof(struct message_##member) },
static const struct layout LAYOUTS[] = { MESSAGES(LAYOUT) };
/* clang-format on */

static const struct layout *layout_of(uint64_t type)
{
    for (size_t i = 0; i < ARRAY_SIZE(LAYOUTS); i++)
        if ((uint64_t)LAYOUTS[i].type == type)
            return &LAYOUTS[i];
    return NULL;
}

const char *message_name(enum message_type type)
{
    const struct layout *layout = layout_of(type);
    return layout ? layout->name : "?";
}

const enum message_type *message_nth(size_t n) { return n < ARRAY_SIZE(LAYOUTS) ? &LAYOUTS[n].type : NULL; }

/* The maps. Their structs begin alike: magic, major. */
static const struct {
    enum message_type type;
    const char *magic;
} MAPS[] = { { MESSAGE_HELLO, HELLO_MAGIC }, { MESSAGE_ENROL, ENROL_MAGIC }, { MESSAGE_GRANTED, GRANTED_MAGIC } };

const char *message_magic(enum message_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(MAPS); i++)
        if (MAPS[i].type == type)
            return MAPS[i].magic;
    return NULL;
}

/* All structs of the union begin where the union does. */
static const char *payload(const struct message *m) { return (const char *)&m->hello; }

static bool pack_field(msgpack_packer *pk, const struct layout *layout, const struct wire_field *f, const char *base,
                       struct err *e)
{
    const char *at = base + f->offset;
    size_t size = 0;
    uint32_t u32;
    int64_t i64;
    switch (f->kind) {
    case KIND_U32:
        memcpy(&u32, at, sizeof u32);
        msgpack_pack_uint32(pk, u32);
        break;
    case KIND_I64:
        memcpy(&i64, at, sizeof i64);
        msgpack_pack_int64(pk, i64);
        break;
    case KIND_TEXT: msgpack_pack_str_with_body(pk, at, strnlen(at, f->max - 1)); break;
    case KIND_BYTES:
        memcpy(&size, base + f->size_offset, sizeof size);
        if (size > f->max)
            return err_set(e, ERR_INTERNAL, "%s: %s holds %zu bytes, at most %zu", layout->name, f->name, size, f->max);
        msgpack_pack_bin_with_body(pk, at, size);
        break;
    }
    return true;
}

bool message_encode(const struct message *m, msgpack_sbuffer *out, struct err *e)
{
    const struct layout *layout = layout_of(m->type);
    if (!layout)
        return err_set(e, ERR_INTERNAL, "message type %d is not in the list", (int)m->type);
    bool is_map = message_magic(m->type) != NULL;
    msgpack_packer pk;
    msgpack_packer_init(&pk, out, msgpack_sbuffer_write);
    if (is_map) {
        msgpack_pack_map(&pk, layout->count);
    } else {
        msgpack_pack_array(&pk, layout->count + 1);
        msgpack_pack_uint32(&pk, layout->type);
    }
    for (size_t i = 0; i < layout->count; i++) {
        if (is_map)
            msgpack_pack_str_with_body(&pk, layout->fields[i].name, strlen(layout->fields[i].name));
        if (!pack_field(&pk, layout, &layout->fields[i], payload(m), e))
            return false;
    }
    return true;
}

/* Where text or bytes of `size` stand: msgpack-c gives NULL for an empty one, which memcpy must not get. */
static const char *bytes_at(const char *ptr, uint32_t size) { return size > 0 ? ptr : ""; }

static bool read_field(const struct wire_field *f, const msgpack_object *value, char *base, struct err *e)
{
    char *at = base + f->offset;
    bool is_unsigned = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
    uint32_t number;
    size_t size;
    switch (f->kind) {
    case KIND_U32:
        if (!is_unsigned || value->via.u64 > UINT32_MAX)
            return err_set(e, ERR_PARTIAL, "%s is not a 32-bit number", f->name);
        number = (uint32_t)value->via.u64;
        memcpy(at, &number, sizeof number);
        return true;
    case KIND_I64:
        if ((!is_unsigned || value->via.u64 > INT64_MAX) && value->type != MSGPACK_OBJECT_NEGATIVE_INTEGER)
            return err_set(e, ERR_PARTIAL, "%s is not a 64-bit signed number", f->name);
        memcpy(at, &value->via.i64, sizeof(int64_t));
        return true;
    case KIND_TEXT:
        if (value->type != MSGPACK_OBJECT_STR || value->via.str.size >= f->max ||
            memchr(bytes_at(value->via.str.ptr, value->via.str.size), '\0', value->via.str.size))
            return err_set(e, ERR_PARTIAL, "%s is not text of at most %zu bytes", f->name, f->max - 1);
        memcpy(at, bytes_at(value->via.str.ptr, value->via.str.size), value->via.str.size);
        at[value->via.str.size] = '\0';
        return true;
    case KIND_BYTES:
        if (value->type != MSGPACK_OBJECT_BIN || value->via.bin.size > f->max)
            return err_set(e, ERR_PARTIAL, "%s is not at most %zu bytes", f->name, f->max);
        memcpy(at, bytes_at(value->via.bin.ptr, value->via.bin.size), value->via.bin.size);
        size = value->via.bin.size;
        memcpy(base + f->size_offset, &size, sizeof size);
        return true;
    }
    return err_set(e, ERR_INTERNAL, "%s has no kind", f->name);
}

static bool read_array(const msgpack_object_array *array, struct message *m, const struct layout **found, struct err *e)
{
    if (array->size == 0 || array->ptr[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return err_set(e, ERR_PARTIAL, "not a message");
    const struct layout *layout = layout_of(array->ptr[0].via.u64);
    if (!layout || message_magic(layout->type))
        return err_set(e, ERR_PARTIAL, "unknown message type %llu", (unsigned long long)array->ptr[0].via.u64);
    if (array->size != layout->count + 1)
        return err_set(e, ERR_PARTIAL, "%s has %u fields, expected %zu", layout->name, array->size - 1, layout->count);
    memset(&m->hello, 0, layout->size);
    for (size_t i = 0; i < layout->count; i++)
        if (!read_field(&layout->fields[i], &array->ptr[i + 1], (char *)&m->hello, e))
            return err_wrap(e, "%s", layout->name);
    *found = layout;
    return true;
}

/* The value of `key` (NULL: none), and how often the key is there. */
static const msgpack_object *map_value(const msgpack_object_map *map, const char *key, unsigned *count)
{
    const msgpack_object *value = NULL;
    *count = 0;
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *k = &map->ptr[i].key;
        if (k->type == MSGPACK_OBJECT_STR && k->via.str.size == strlen(key) &&
            memcmp(k->via.str.ptr, key, k->via.str.size) == 0) {
            value = &map->ptr[i].val;
            ++*count;
        }
    }
    return value;
}

/* Which of the maps this is, by its magic; one that is none of them is judged as a HELLO. */
static const struct layout *layout_of_map(const msgpack_object_map *map)
{
    unsigned count;
    const msgpack_object *magic = map_value(map, "magic", &count);
    for (size_t i = 0; magic && magic->type == MSGPACK_OBJECT_STR && i < ARRAY_SIZE(MAPS); i++)
        if (magic->via.str.size == strlen(MAPS[i].magic) &&
            memcmp(magic->via.str.ptr, MAPS[i].magic, magic->via.str.size) == 0)
            return layout_of(MAPS[i].type);
    return layout_of(MESSAGE_HELLO);
}

static bool read_map(const msgpack_object_map *map, struct message *m, const struct layout **found, struct err *e)
{
    const struct layout *layout = layout_of_map(map);
    memset(&m->hello, 0, layout->size);
    m->hello.major = WIRE_MAJOR; /* until it is read: what stands before it must be there */
    for (size_t i = 0; i < layout->count; i++) {
        const struct wire_field *f = &layout->fields[i];
        unsigned count;
        const msgpack_object *value = map_value(map, f->name, &count);
        if (!value && m->hello.major != WIRE_MAJOR)
            continue;
        if (!value)
            return err_set(e, ERR_PARTIAL, "%s has no %s", layout->name, f->name);
        if (count > 1) /* two readers could take two of them for the truth */
            return err_set(e, ERR_PARTIAL, "%s has %s twice", layout->name, f->name);
        if (!read_field(f, value, (char *)&m->hello, e))
            return err_wrap(e, "%s", layout->name);
    }
    if (strcmp(m->hello.magic, message_magic(layout->type)) != 0)
        return err_set(e, ERR_PARTIAL, "%s: not from an agent of tare", layout->name);
    *found = layout;
    return true;
}

bool message_decode(const void *frame, size_t size, struct message *m, struct err *e)
{
    if (!frame_check(frame, size, MESSAGE_FRAME_MAX))
        return err_set(e, ERR_PARTIAL, "not a message (%zu bytes)", size);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t used = 0;
    struct message read; /* only the part that its layout says is written, and copied */
    const struct layout *layout = NULL;
    bool ok = msgpack_unpack_next(&unpacked, frame, size, &used) == MSGPACK_UNPACK_SUCCESS;
    if (!ok)
        err_set(e, ERR_PARTIAL, "a damaged message (%zu bytes)", size);
    else if (unpacked.data.type == MSGPACK_OBJECT_ARRAY)
        ok = read_array(&unpacked.data.via.array, &read, &layout, e);
    else if (unpacked.data.type == MSGPACK_OBJECT_MAP)
        ok = read_map(&unpacked.data.via.map, &read, &layout, e);
    else
        ok = err_set(e, ERR_PARTIAL, "not a message");
    msgpack_unpacked_destroy(&unpacked);
    if (ok) {
        m->type = layout->type;
        memcpy(&m->hello, &read.hello, layout->size);
    }
    return ok;
}
