#include "total.h"

#include <math.h>
#include <string.h>

bool total_of(const struct trial *trial, const char *direction, enum window window, struct total *total)
{
    struct total made = { .least = INFINITY, .most = -INFINITY, .jain = NAN };
    double squares = 0;
    for (size_t i = 0; i < trial->stream_count; i++) {
        const struct stream *stream = &trial->streams[i];
        if (stream->role != STREAM_LOAD || strcmp(stream->direction, direction) != 0)
            continue;
        const struct figure *figure = stream_rate(stream, window);
        if (!figure || !isfinite(figure->value))
            return false;
        made.streams++;
        made.figure = figure->name;
        made.unit = figure->unit;
        made.sum += figure->value;
        squares += figure->value * figure->value;
        made.least = fmin(made.least, figure->value);
        made.most = fmax(made.most, figure->value);
    }
    if (made.streams < 2)
        return false;
    if (squares > 0)
        made.jain = made.sum * made.sum / ((double)made.streams * squares);
    *total = made;
    return true;
}

bool total_at_once(const struct trial *trial, const char *direction, struct total *total)
{
    struct total made;
    if ((!total_of(trial, direction, WINDOW_COMMON, &made) && !total_of(trial, direction, WINDOW_WHOLE, &made)) ||
        !isfinite(made.jain))
        return false;
    *total = made;
    return true;
}
