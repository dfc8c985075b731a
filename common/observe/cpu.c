#include "cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* In the order of /proc/stat (proc(5)). Kernels before 2.6.11 knew no steal; the first four are
 * always there. Guest times follow, which user contains. */
enum stat_field { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, STAT_FIELDS, STAT_FIELDS_LEAST = IDLE + 1 };

/* A decimal number at `*at`, which moves behind it. False when there is none or it passes `most`. */
static bool read_number(const char **at, int64_t most, int64_t *number)
{
    const char *p = *at;
    int64_t value = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        int digit = *p - '0';
        if (value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *at = p;
    *number = value;
    return true;
}

/* One line behind 'cpu', "0 2317 0 2561 ...", up to its end. */
static bool parse_line(const char *line, int64_t tick_ns, struct cpu_time *cpu)
{
    int64_t number = 0, ticks[STAT_FIELDS] = { 0 };
    /* The sum of three fields must stay in range too. */
    const int64_t most = INT64_MAX / 4 / tick_ns;
    if (!read_number(&line, INT32_MAX, &number))
        return false;
    int fields = 0;
    while (fields < STAT_FIELDS && *line == ' ') {
        while (*line == ' ')
            line++;
        if (*line == '\n' || *line == '\0')
            break;
        if (!read_number(&line, most, &ticks[fields]))
            return false;
        fields++;
    }
    if (fields < STAT_FIELDS_LEAST || (*line != ' ' && *line != '\n' && *line != '\0'))
        return false;
    *cpu = (struct cpu_time){
        .number = (int)number,
        .user_ns = (ticks[USER] + ticks[NICE]) * tick_ns,
        .system_ns = (ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) * tick_ns,
        .idle_ns = ticks[IDLE] * tick_ns,
        .iowait_ns = ticks[IOWAIT] * tick_ns,
        .steal_ns = ticks[STEAL] * tick_ns,
    };
    return true;
}

bool cpu_parse(const char *text, int64_t tick_ns, struct cpu_times *times, struct err *e)
{
    int count = 0;
    const char *next = text;
    for (const char *line = text; line && *line; line = next) {
        next = strchr(line, '\n');
        next = next ? next + 1 : NULL;
        if (strncmp(line, "cpu", 3) != 0 || line[3] == ' ')
            continue; /* 'cpu ' is the sum, also over CPUs that are offline */
        if (count == CPU_COUNT_MAX)
            return err_set(e, ERR_INTERNAL, "/proc/stat has more than %d CPUs: raise CPU_COUNT_MAX", CPU_COUNT_MAX);
        struct cpu_time *cpu = &times->cpu[count];
        if (!parse_line(line + 3, tick_ns, cpu))
            return err_set(e, ERR_INTERNAL, "/proc/stat: not the times of a CPU: '%.*s'",
                           (int)strnlen(line, next ? (size_t)(next - line - 1) : 80) % 81, line);
        if (count > 0 && cpu->number <= times->cpu[count - 1].number)
            return err_set(e, ERR_INTERNAL, "/proc/stat: cpu%d stands behind cpu%d", cpu->number,
                           times->cpu[count - 1].number);
        count++;
    }
    if (count == 0)
        return err_set(e, ERR_INTERNAL, "/proc/stat names no CPU; is /proc mounted, and not hidden by the container?");
    times->count = count;
    return true;
}

/* The head of /proc/stat: the CPUs stand in front of everything else. */
static bool read_stat(char *text, size_t size, struct err *e)
{
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "opening /proc/stat");
    size_t used = 0;
    ssize_t got = 0;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        used += (size_t)got;
    }
    int reason = errno;
    close(fd);
    text[used] = '\0';
    return got < 0 ? err_errno(e, reason, "reading /proc/stat") : true;
}

bool cpu_machine(struct cpu_times *times, struct err *e)
{
    char *text = calloc(1, CPU_TEXT_MAX);
    if (!text)
        return err_errno(e, ENOMEM, "reading /proc/stat");
    int64_t before = clock_mono_ns();
    bool ok = read_stat(text, CPU_TEXT_MAX, e);
    int64_t after = clock_mono_ns();
    /* A cut line can only be the last, and the CPUs do not reach as far. */
    ok = ok && cpu_parse(text, CLOCK_NS_PER_S / sysconf(_SC_CLK_TCK), times, e);
    free(text);
    if (ok)
        times->mono_ns = before + (after - before) / 2;
    return ok;
}

static int64_t at_least_zero(int64_t value) { return value > 0 ? value : 0; }

/* `part` of `whole`, of an amount. In floating point, since the product passes 64 bits. */
static int64_t share(int64_t amount, int64_t part, int64_t whole)
{
    return whole > 0 ? (int64_t)((double)amount * ((double)part / (double)whole)) : 0;
}

bool cpu_difference(const struct cpu_times *from, const struct cpu_times *to, struct cpu_used *used, struct err *e)
{
    struct cpu_used sum = { .wall_ns = to->mono_ns - from->mono_ns };
    if (sum.wall_ns <= 0)
        return err_set(e, ERR_INTERNAL, "two snapshots of the CPUs in the wrong order");
    int64_t user_ns = 0, system_ns = 0;
    int i = 0, j = 0;
    while (i < from->count && j < to->count) {
        const struct cpu_time *a = &from->cpu[i], *b = &to->cpu[j];
        i += a->number <= b->number;
        j += b->number <= a->number;
        if (a->number != b->number)
            continue;
        sum.cpus++;
        /* Not cut at 0 for a single CPU: the grain of 10 ms errs both ways, and only the sum of
         * all lets that cancel. Idle and iowait may also pass time to each other. */
        int64_t iowait_ns = b->iowait_ns - a->iowait_ns, steal_ns = b->steal_ns - a->steal_ns;
        sum.used_ns += sum.wall_ns - (b->idle_ns - a->idle_ns) - iowait_ns - steal_ns;
        sum.iowait_ns += iowait_ns;
        sum.steal_ns += steal_ns;
        user_ns += at_least_zero(b->user_ns - a->user_ns);
        system_ns += at_least_zero(b->system_ns - a->system_ns);
    }
    if (sum.cpus == 0)
        return err_set(e, ERR_INTERNAL, "no CPU was online at both snapshots");
    sum.changed = from->count + to->count - 2 * sum.cpus;
    sum.iowait_ns = at_least_zero(sum.iowait_ns);
    sum.steal_ns = at_least_zero(sum.steal_ns);
    int64_t most = sum.wall_ns * sum.cpus;
    sum.used_ns = sum.used_ns > most ? most : at_least_zero(sum.used_ns);
    if (user_ns + system_ns > 0) {
        sum.user_ns = share(sum.used_ns, user_ns, user_ns + system_ns);
        sum.system_ns = sum.used_ns - sum.user_ns;
    }
    *used = sum;
    return true;
}

static int64_t ns_of(struct timeval t) { return t.tv_sec * CLOCK_NS_PER_S + t.tv_usec * CLOCK_NS_PER_US; }

struct cpu_process cpu_process(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use); /* cannot fail with these arguments */
    struct cpu_process now = { .raw_ns = clock_raw_ns(), .used_ns = clock_process_cpu_ns() };
    int64_t user_ns = ns_of(use.ru_utime), system_ns = ns_of(use.ru_stime);
    now.user_ns = share(now.used_ns, user_ns, user_ns + system_ns);
    now.system_ns = now.used_ns - now.user_ns;
    return now;
}

struct cpu_used cpu_process_difference(const struct cpu_process *from, const struct cpu_process *to)
{
    /* The split wavers with the ticks it rests on; what is used does not. */
    int64_t used_ns = to->used_ns - from->used_ns;
    int64_t user_ns = at_least_zero(to->user_ns - from->user_ns);
    user_ns = user_ns > used_ns ? used_ns : user_ns;
    return (struct cpu_used){
        .wall_ns = to->raw_ns - from->raw_ns,
        .cpus = 1,
        .used_ns = used_ns,
        .user_ns = user_ns,
        .system_ns = used_ns - user_ns,
    };
}
