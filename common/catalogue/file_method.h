/* file_method.h - the ways in which `file_io` goes through a file: IOzone's tests (W. D. Norcott, D. Capps),
 * done afresh.
 *
 * Each goes once over all records of the file (record_rewrite as often over the first). The order here is
 * that in which they run; all but those that make a new file need one that is whole.
 */
#ifndef TARE_FILE_METHOD_H
#define TARE_FILE_METHOD_H

#include <stdbool.h>

enum { FILE_STRIDE = 17 };

/* enum, name, writes, by stdio, makes a new file, work */
#define FILE_METHODS(X)                                                                                        \
    X(WRITE, "write", true, false, true, "write(2)")                                                           \
    X(REWRITE, "rewrite", true, false, false, "write(2) over what is there")                                   \
    X(READ, "read", false, false, false, "read(2)")                                                            \
    X(REREAD, "reread", false, false, false, "read(2) of what was read just before")                           \
    X(RANDOM_READ, "random_read", false, false, false, "pread(2), each record once, in a random order")        \
    X(RANDOM_WRITE, "random_write", true, false, false, "pwrite(2), each record once, in a random order")      \
    X(BACKWARD_READ, "backward_read", false, false, false, "pread(2) from the last record to the first")       \
    X(RECORD_REWRITE, "record_rewrite", true, false, false, "pwrite(2) of the first record, again and again")  \
    X(STRIDE_READ, "stride_read", false, false, false, "pread(2) of every 17th record, then from the next on") \
    X(FWRITE, "fwrite", true, true, true, "fwrite(3) with a buffer of one record")                             \
    X(REFWRITE, "refwrite", true, true, false, "fwrite(3) over what is there")                                 \
    X(FREAD, "fread", false, true, false, "fread(3) with a buffer of one record")                              \
    X(REFREAD, "refread", false, true, false, "fread(3) of what was read just before")                         \
    X(PWRITE, "pwrite", true, false, false, "pwrite(2) from the first record to the last")                     \
    X(PREAD, "pread", false, false, false, "pread(2) from the first record to the last")

#define FILE_METHOD_ENUM(NAME, ...) FILE_##NAME,
enum file_method { FILE_METHODS(FILE_METHOD_ENUM) FILE_METHOD_COUNT };

struct file_method_info {
    const char *name;
    bool writes, by_stdio, is_new;
    const char *doc;
};

extern const struct file_method_info FILE_METHOD_TABLE[FILE_METHOD_COUNT];

/* How files are opened, and what of a write lies inside its time. */
#define FILE_MODES(X)                                                                                \
    X(CACHED, "cached", "through the page cache; what is still there at the end is not waited for")  \
    X(FLUSHED, "flushed", "through the page cache, and what was written is flushed inside the time") \
    X(DIRECT, "direct", "O_DIRECT")                                                                  \
    X(SYNC, "sync", "O_SYNC: each write is on the device before the next")

#define FILE_MODE_ENUM(NAME, ...) FILE_MODE_##NAME,
enum file_mode { FILE_MODES(FILE_MODE_ENUM) FILE_MODE_COUNT };
extern const char *const FILE_MODE_NAMES[FILE_MODE_COUNT];

#endif
