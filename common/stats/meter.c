#include "meter.h"

static void put(unsigned char *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)value;
}

static uint64_t get(const unsigned char *in)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

void meter_pack(const struct meter_point *points, size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++, out += METER_POINT_BYTES) {
        put(out, (uint64_t)points[i].raw_ns);
        put(out + 8, points[i].bytes);
        put(out + 16, points[i].operations);
    }
}

bool meter_unpack(const unsigned char *blob, size_t size, struct meter_point *points, struct err *e)
{
    if (size % METER_POINT_BYTES != 0)
        return err_set(e, ERR_PARTIAL, "%zu bytes are no whole number of points", size);
    for (size_t i = 0; i < size / METER_POINT_BYTES; i++, blob += METER_POINT_BYTES) {
        points[i] = (struct meter_point){ (int64_t)get(blob), get(blob + 8), get(blob + 16) };
        bool backwards = i > 0 && (points[i].raw_ns < points[i - 1].raw_ns || points[i].bytes < points[i - 1].bytes ||
                                   points[i].operations < points[i - 1].operations);
        if (points[i].raw_ns < 0 || backwards)
            return err_set(e, ERR_PARTIAL, "point %zu goes backwards", i);
    }
    return true;
}
