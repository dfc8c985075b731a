#include "file_matrix.h"

static int64_t first_record(const struct file_matrix *m, int64_t file_bytes)
{
    int64_t record = m->record_least;
    while (file_bytes > FILE_MATRIX_LARGE && record < FILE_MATRIX_LARGE_RECORD)
        record *= 2;
    return record;
}

static bool is_in(const struct file_matrix *m, int64_t file_bytes, int64_t record_bytes)
{
    return file_bytes <= m->file_most && record_bytes <= m->record_most && record_bytes <= file_bytes;
}

bool file_matrix_next(const struct file_matrix *m, int64_t *file_bytes, int64_t *record_bytes)
{
    int64_t file = *file_bytes, record = *record_bytes * 2;
    if (file == 0 || !is_in(m, file, record))
        do {
            file = file == 0 ? m->file_least : file * 2;
            record = first_record(m, file);
        } while (file <= m->file_most && !is_in(m, file, record));
    if (!is_in(m, file, record))
        return false;
    *file_bytes = file;
    *record_bytes = record;
    return true;
}
