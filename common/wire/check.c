#include "check.h"

#include <stdint.h>

struct walk {
    const unsigned char *at, *end;
    size_t budget; /* elements that containers may still claim */
};

/* `width` bytes of a big-endian number after the tag; false when the frame ends before. */
static bool take_number(struct walk *w, unsigned width, uint64_t *value)
{
    if ((size_t)(w->end - w->at) < width)
        return false;
    *value = 0;
    for (unsigned i = 0; i < width; i++)
        *value = *value << 8 | *w->at++;
    return true;
}

static bool skip(struct walk *w, uint64_t size)
{
    if ((uint64_t)(w->end - w->at) < size)
        return false;
    w->at += size;
    return true;
}

/* What follows a tag: `width` bytes of length, or `fixed` where width is 0. */
struct shape {
    enum { SCALAR, CONTAINER, BAD } kind;
    unsigned width;
    uint64_t fixed;
    unsigned each; /* elements a count stands for: 2 in a map */
};

static struct shape shape_of(unsigned char tag)
{
    if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3)
        return (struct shape){ SCALAR, 0, 0, 0 }; /* fixint, nil, false, true */
    if (tag <= 0x8f)
        return (struct shape){ CONTAINER, 0, tag & 0x0f, 2 }; /* fixmap */
    if (tag <= 0x9f)
        return (struct shape){ CONTAINER, 0, tag & 0x0f, 1 }; /* fixarray */
    if (tag <= 0xbf)
        return (struct shape){ SCALAR, 0, tag & 0x1f, 0 }; /* fixstr */
    if (tag >= 0xc4 && tag <= 0xc6)
        return (struct shape){ SCALAR, 1u << (tag - 0xc4), 0, 0 }; /* bin8..32 */
    if (tag == 0xca || tag == 0xcb)
        return (struct shape){ SCALAR, 0, tag == 0xca ? 4 : 8, 0 }; /* float32, float64 */
    if (tag >= 0xcc && tag <= 0xd3)
        return (struct shape){ SCALAR, 0, UINT64_C(1) << (tag & 3), 0 }; /* uint8..64, int8..64 */
    if (tag >= 0xd9 && tag <= 0xdb)
        return (struct shape){ SCALAR, 1u << (tag - 0xd9), 0, 0 }; /* str8..32 */
    if (tag >= 0xdc && tag <= 0xdf)
        return (struct shape){ CONTAINER, tag & 1 ? 4 : 2, 0, tag >= 0xde ? 2 : 1 }; /* array, map 16..32 */
    return (struct shape){ BAD, 0, 0, 0 };
}

static bool walk_object(struct walk *w, int depth)
{
    if (w->at >= w->end)
        return false;
    struct shape shape = shape_of(*w->at++);
    uint64_t length = shape.fixed;
    if (shape.kind == BAD || (shape.width && !take_number(w, shape.width, &length)))
        return false;
    if (shape.kind == SCALAR)
        return skip(w, length);
    if (depth == CHECK_DEPTH_MAX || length > w->budget / shape.each)
        return false;
    w->budget -= (size_t)length * shape.each;
    for (uint64_t i = 0; i < length * shape.each; i++)
        if (!walk_object(w, depth + 1))
            return false;
    return true;
}

bool frame_check(const unsigned char *frame, size_t size, size_t size_max)
{
    if (size == 0 || size > size_max)
        return false;
    struct walk w = { frame, frame + size, size };
    return walk_object(&w, 0) && w.at == w.end;
}
