#include "file_ceiling.h"

#include <poll.h>

#include "base/clock.h"

enum { RECORD = 1024 * 1024, RECORDS = 16, LASTING_MS = 50 };

static const struct {
    enum file_mode mode;
    enum file_method method;
} WAYS[FILE_CEILING_COUNT] = { [FILE_CEILING_DEVICE_WRITE] = { FILE_MODE_DIRECT, FILE_REWRITE },
                               [FILE_CEILING_DEVICE_READ] = { FILE_MODE_DIRECT, FILE_READ },
                               [FILE_CEILING_CACHE_WRITE] = { FILE_MODE_CACHED, FILE_REWRITE },
                               [FILE_CEILING_CACHE_READ] = { FILE_MODE_CACHED, FILE_READ } };

/* Both ways of one mode, on one file. What fails is not known: whether the step itself can go on, its own files tell.
 */
static void measure(struct file *f, int first, int cancel_fd, struct file_result *results)
{
    if (!file_make(f, NULL) || !file_cell_fill(f, cancel_fd, NULL))
        return;
    for (int i = first; i < first + 2; i++) {
        const struct file_cell cell = { WAYS[i].method, false, clock_ms(LASTING_MS) };
        struct file_result r;
        if (file_cell_prepare(f, &cell, &r, NULL) && file_cell_run(f, &cell, &r, NULL))
            results[i] = r;
    }
}

bool file_ceilings(const struct file_place *place, int64_t largest, int cancel_fd,
                   struct file_result results[FILE_CEILING_COUNT], struct err *e)
{
    const size_t record = largest < RECORD ? (size_t)largest : RECORD;
    const uint64_t records = (uint64_t)largest / record;
    for (int i = 0; i < FILE_CEILING_COUNT; i++)
        results[i] = (struct file_result){ 0 };
    for (int first = 0; first < FILE_CEILING_COUNT; first += 2) {
        struct meter meter = { 0 };
        _Atomic bool stop = false;
        struct file f = { .place = place,
                          .mode = WAYS[first].mode,
                          .fd = -1,
                          .records = records < RECORDS ? records : RECORDS,
                          .record_bytes = record,
                          .seed = 1,
                          .meter = &meter,
                          .stop = &stop };
        measure(&f, first, cancel_fd, results);
        file_release(&f);
        if (cancel_fd >= 0 && poll(&(struct pollfd){ .fd = cancel_fd, .events = POLLIN }, 1, 0) > 0)
            return err_set(e, ERR_INTERRUPTED, "cancelled while its place was measured");
    }
    return true;
}
