#include "probe_log.h"

#include <errno.h>
#include <inttypes.h>

bool probe_log_open(const char *path, FILE **log, struct err *e)
{
    FILE *opened = fopen(path, "we");
    if (!opened)
        return err_errno(e, errno, "--probes %s", path);
    fputs("what,node,sequence,t1_ns,t2_ns,t3_ns,t4_ns,stamps\n", opened);
    *log = opened;
    return true;
}

bool probe_log_close(FILE **log, const char *path, struct err *e)
{
    FILE *opened = *log;
    *log = NULL;
    if (!opened)
        return true;
    bool was_written = !ferror(opened);
    return (fclose(opened) == 0 && was_written) || err_errno(e, errno, "--probes %s: not all of it was written", path);
}

void probe_log_trial(FILE *log, const char *node)
{
    if (log)
        fprintf(log, "trial,%s,,,,,,\n", node);
}

void probe_log_exchange(FILE *log, const char *node, uint64_t sequence, const int64_t t_ns[4], enum stamp_kind kind)
{
    if (log)
        fprintf(log, "exchange,%s,%" PRIu64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s\n", node, sequence,
                t_ns[0], t_ns[1], t_ns[2], t_ns[3], stamp_kind_word(kind));
}

void probe_log_departure(FILE *log, const char *node, uint64_t sequence, int64_t t3_ns, int64_t t4_ns)
{
    if (log)
        fprintf(log, "departure,%s,%" PRIu64 ",,,%" PRId64 ",%" PRId64 ",\n", node, sequence, t3_ns, t4_ns);
}
