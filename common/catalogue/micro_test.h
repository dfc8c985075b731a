/* micro_test.h - the tests of the workload `micro`: single operations that a guest pays for in ways that a
 * benchmark of computing cannot see. */
#ifndef TARE_MICRO_TEST_H
#define TARE_MICRO_TEST_H

/* enum, name, operations in one sample, what one operation is */
#define MICRO_TESTS(X)                                                                                            \
    X(SYSCALL, "syscall", 64, "getppid(2)")                                                                       \
    X(PAGE_FAULT, "page_fault", 16, "the first write to a page of memory of 4 KiB")                               \
    X(MMAP, "mmap", 8, "mmap(2) of 64 KiB and munmap(2), untouched")                                              \
    X(FORK_EXEC, "fork_exec", 1, "fork(2), execve(2) of a program of 3 instructions, waitpid(2)")                 \
    X(PIPE_WAKE, "pipe_wake", 2, "a byte through a pipe to a thread that sleeps, on another CPU if there is one") \
    X(POINTER_CHASE, "pointer_chase", 256, "the next of 16384 pages in a random ring: TLB and cache miss")        \
    X(TIMER, "timer", 1, "how late a sleep of 200 us ends")                                                       \
    X(FSYNC, "fsync", 1, "pwrite(2) of 4 KiB over what is there, and fsync(2)")

#define MICRO_TEST_ENUM(NAME, ...) MICRO_##NAME,
enum micro_test_id { MICRO_TESTS(MICRO_TEST_ENUM) MICRO_TEST_COUNT };

struct micro_test {
    const char *name;
    int batch; /* a sample is the mean of so many, one after the other */
    const char *doc;
};

extern const struct micro_test MICRO_TEST_TABLE[MICRO_TEST_COUNT];

#endif
