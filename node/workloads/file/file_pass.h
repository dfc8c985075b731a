/* file_pass.h - once through a file, record by record, by one of the methods.
 *
 * Each record begins with its own number, which is written with it and looked at when it is read: a record
 * that went elsewhere, or came from elsewhere, is an error and no figure.
 */
#ifndef TARE_FILE_PASS_H
#define TARE_FILE_PASS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "stats/meter.h"
#include "workloads/file/file_buffer.h"
#include "workloads/file/file_place.h"

enum { FILE_RECORD_LEAST = 512 };

/* A file being measured, by one thread. */
struct file {
    const struct file_place *place;
    enum file_mode mode;
    int fd;                         /* -1: there is none yet */
    uint64_t records, first_record; /* the first is another than 0 only where write goes on */
    size_t record_bytes;
    uint64_t seed;             /* of the random orders */
    struct file_buffer memory; /* of both buffers */
    unsigned char *buffer;     /* of one record; page-aligned */
    unsigned char *stdio;      /* as large, what stdio buffers in */
    struct meter *meter;       /* counts each record */
    const _Atomic bool *stop;  /* true: end where it is */
    FILE *stream;              /* of a method that goes by stdio, between prepare and run */
};

struct file_pass {
    int64_t bytes, operations;
    int64_t first_ns, last_ns; /* RAW: before the first operation, after the last and its flush */
    int64_t cpu_ns;            /* of this thread, from the one to the other */
    bool is_whole;             /* false: stopped before its end */
};

/* Give it its buffers, filled with what does not compress. */
MUST_CHECK bool file_make(struct file *file, struct err *e);
void file_release(struct file *file);

/* All that is slow and not measured: a new file in the place of the old one where the method makes one, a stream
 * where it goes by stdio, the beginning. */
MUST_CHECK bool file_pass_prepare(struct file *file, enum file_method method, struct err *e);

/* Go through the file once, as it was prepared for. Flushed mode flushes before the last stamp. */
MUST_CHECK bool file_pass_run(struct file *file, enum file_method method, struct file_pass *pass, struct err *e);

#endif
