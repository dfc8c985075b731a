#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t); /* cannot fail: the ids are constants that every Linux has */
    return (int64_t)t.tv_sec * CLOCK_NS_PER_S + t.tv_nsec;
}

#ifdef TARE_TEST_FLAGS
__extension__ typedef __int128 wide;
static int64_t test_drift_ppb; /* set once, before there are threads */
static _Atomic int64_t test_step_ns;

void clock_test_drift(int64_t ppb) { test_drift_ppb = ppb; }
void clock_test_step(int64_t ns) { atomic_fetch_add(&test_step_ns, ns); }

void clock_test_off(int64_t *ppb, int64_t *step_ns)
{
    *ppb = test_drift_ppb;
    *step_ns = atomic_load(&test_step_ns);
}

int64_t clock_raw_ns(void)
{
    int64_t ns = read_ns(CLOCK_MONOTONIC_RAW);
    return ns + (int64_t)((wide)ns * test_drift_ppb / CLOCK_NS_PER_S) + atomic_load(&test_step_ns);
}
#else
int64_t clock_raw_ns(void) { return read_ns(CLOCK_MONOTONIC_RAW); }
#endif

int64_t clock_mono_ns(void) { return read_ns(CLOCK_MONOTONIC); }
int64_t clock_real_ns(void) { return read_ns(CLOCK_REALTIME); }
int64_t clock_process_cpu_ns(void) { return read_ns(CLOCK_PROCESS_CPUTIME_ID); }
int64_t clock_thread_cpu_ns(void) { return read_ns(CLOCK_THREAD_CPUTIME_ID); }

struct clock_reading clock_read_all(void)
{
    struct clock_reading best = { 0 };
    for (int i = 0; i < 3; i++) {
        struct clock_reading r;
        r.mono_before_ns = clock_mono_ns();
        r.real_ns = clock_real_ns();
        r.raw_ns = clock_raw_ns();
        r.mono_after_ns = clock_mono_ns();
        if (i == 0 || r.mono_after_ns - r.mono_before_ns < best.mono_after_ns - best.mono_before_ns)
            best = r;
    }
    return best;
}

int64_t clock_mono_at_raw_ns(int64_t raw_ns)
{
    int64_t before = clock_raw_ns();
    int64_t mono = clock_mono_ns();
    int64_t after = clock_raw_ns();
    return mono + (raw_ns - (before + (after - before) / 2));
}

void clock_sleep_until_mono(int64_t mono_ns)
{
    struct timespec t = { .tv_sec = mono_ns / CLOCK_NS_PER_S, .tv_nsec = mono_ns % CLOCK_NS_PER_S };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

int clock_ms_until(int64_t mono_deadline_ns)
{
    int64_t left = mono_deadline_ns - clock_mono_ns();
    if (left <= 0)
        return 0;
    int64_t ms = (left + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}
