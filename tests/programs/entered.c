/* entered.c - a program that says when its `main` was entered, on CLOCK_MONOTONIC_RAW in ns; tests of node/gate hold
 * it, and tests/bench/start measures with it. Built dynamic and static, and with libc alone.
 *
 *     entered          the moment, in a line
 *     entered env      ... then the environment as it is, and as a program that it starts has it
 *     entered state    ... then how it is scheduled: policy, CPUs, timer slack, signal of its parent's death, RTPRIO
 * limit, locked pages; and its descriptors beyond 2
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show_environment(void)
{
    for (char **v = environ; *v; v++)
        printf("own %s\n", *v);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl("/usr/bin/env", "env", (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
}

static void show_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != dirfd(dir))
            printf("descriptor %s\n", entry->d_name);
    if (dir)
        closedir(dir);
}

static void show_state(void)
{
    cpu_set_t cpus;
    struct rlimit rtprio;
    int signal = 0;
    char line[128];
    sched_getaffinity(0, sizeof cpus, &cpus);
    getrlimit(RLIMIT_RTPRIO, &rtprio);
    prctl(PR_GET_PDEATHSIG, (unsigned long)&signal, 0UL, 0UL, 0UL);
    printf("policy %d\ncpus %d\nslack %d\nsignal %d\nrtprio %llu %llu\n", sched_getscheduler(0) & ~SCHED_RESET_ON_FORK,
           CPU_COUNT(&cpus), prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL), signal, (unsigned long long)rtprio.rlim_cur,
           (unsigned long long)rtprio.rlim_max);
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmLck:", 6) == 0)
            fputs(line, stdout);
    if (status)
        fclose(status);
    show_descriptors();
}

int main(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    printf("entered %lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    if (argc > 1 && strcmp(argv[1], "env") == 0)
        show_environment();
    if (argc > 1 && strcmp(argv[1], "state") == 0)
        show_state();
    return 0;
}
