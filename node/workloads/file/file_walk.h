/* file_walk.h - in what order a method goes to the records of a file. Pure. */
#ifndef TARE_FILE_WALK_H
#define TARE_FILE_WALK_H

#include "catalogue/file_method.h"
#include "workloads/file/permutation.h"

enum file_order { FILE_FORWARD, FILE_BACKWARD, FILE_RANDOM, FILE_STRIDES, FILE_SAME };

struct file_walk {
    enum file_order order;
    uint64_t records, next;
    struct permutation random;
};

/* Over `records` records, 1 or more. */
static inline struct file_walk file_walk_begin(enum file_method method, uint64_t records, uint64_t seed)
{
    struct file_walk w = { .order = FILE_FORWARD, .records = records };
    switch (method) {
    case FILE_RANDOM_READ:
    case FILE_RANDOM_WRITE:
        w.order = FILE_RANDOM;
        w.random = permutation_begin(records, seed + method); /* so that one does not follow the other */
        break;
    case FILE_BACKWARD_READ:
        w.order = FILE_BACKWARD;
        w.next = records - 1;
        break;
    case FILE_STRIDE_READ: w.order = FILE_STRIDES; break;
    case FILE_RECORD_REWRITE: w.order = FILE_SAME; break;
    default: break;
    }
    return w;
}

/* Once for each record of the file. */
static inline uint64_t file_walk_next(struct file_walk *w)
{
    uint64_t record = w->next;
    switch (w->order) {
    case FILE_FORWARD: w->next++; break;
    case FILE_BACKWARD: w->next--; break;
    case FILE_RANDOM: return permutation_next(&w->random);
    case FILE_STRIDES:
        w->next += FILE_STRIDE;
        if (w->next >= w->records)
            w->next = (record + 1) % FILE_STRIDE;
        break;
    case FILE_SAME: break;
    }
    return record;
}

#endif
