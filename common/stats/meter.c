#include "meter.h"

#include "base/bytes.h"

void meter_pack(const struct meter_point *points, size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++, out += METER_POINT_BYTES) {
        bytes_put(out, 8, (uint64_t)points[i].raw_ns);
        bytes_put(out + 8, 8, points[i].bytes);
        bytes_put(out + 16, 8, points[i].operations);
    }
}

bool meter_unpack(const unsigned char *blob, size_t size, struct meter_point *points, struct err *e)
{
    if (size % METER_POINT_BYTES != 0)
        return err_set(e, ERR_PARTIAL, "%zu bytes are no whole number of points", size);
    for (size_t i = 0; i < size / METER_POINT_BYTES; i++, blob += METER_POINT_BYTES) {
        points[i] =
            (struct meter_point){ (int64_t)bytes_get(blob, 8), bytes_get(blob + 8, 8), bytes_get(blob + 16, 8) };
        bool backwards = i > 0 && (points[i].raw_ns < points[i - 1].raw_ns || points[i].bytes < points[i - 1].bytes ||
                                   points[i].operations < points[i - 1].operations);
        if (points[i].raw_ns < 0 || backwards)
            return err_set(e, ERR_PARTIAL, "point %zu goes backwards", i);
    }
    return true;
}
