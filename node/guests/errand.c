#include "errand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { CANNOT_RUN = 127 };

static _Noreturn void become(const struct errand *errand, int out)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    setenv("LC_ALL", "C", 1);
    if (dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0 && chdir(errand->directory) == 0)
        execvp(errand->argv[0], (char *const *)errand->argv); /* which only reads them */
    dprintf(2, "%s", strerror(errno));
    _exit(CANNOT_RUN);
}

/* Keep what it says, the end of it, until it closes its output. False at the deadline or when cancelled. */
static bool listen_to(int in, const struct errand *errand, char *said, size_t size)
{
    const int64_t deadline = clock_mono_ns() + errand->within_ns;
    size_t used = 0;
    said[0] = '\0';
    for (;;) {
        struct pollfd fds[] = { { .fd = in, .events = POLLIN }, { .fd = errand->cancel_fd, .events = POLLIN } };
        char block[1024];
        int ready = poll(fds, 2, clock_ms_until(deadline));
        if ((ready < 0 && errno != EINTR) || fds[1].revents != 0 || clock_mono_ns() >= deadline)
            return false;
        if (fds[0].revents == 0)
            continue;
        ssize_t got = read(in, block, sizeof block);
        if (got == 0)
            return true;
        if (got < 0)
            continue;
        size_t fresh = (size_t)got < size - 1 ? (size_t)got : size - 1;
        size_t kept = used + fresh > size - 1 ? size - 1 - fresh : used;
        memmove(said, said + used - kept, kept);
        memcpy(said + kept, block + (size_t)got - fresh, fresh);
        used = kept + fresh;
        said[used] = '\0';
    }
}

/* The last line that is not empty, without what a terminal would obey. */
static const char *last_line(char *said)
{
    size_t length = strlen(said);
    while (length > 0 && strchr(" \r\n", said[length - 1]))
        said[--length] = '\0';
    char *line = strrchr(said, '\n');
    line = line ? line + 1 : said;
    text_disarm(line);
    return *line ? line : "it said nothing";
}

bool errand_run(const struct errand *errand, char *said, size_t size, struct err *e)
{
    const char *program = errand->argv[0];
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "no pipe for '%s'", program);
    pid_t child = fork();
    if (child == 0)
        become(errand, ends[1]);
    int reason = errno;
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return err_errno(e, reason, "cannot start '%s'", program);
    }
    setpgid(child, child); /* either of us does it first */
    bool whole = listen_to(ends[0], errand, said, size);
    if (!whole)
        kill(-child, SIGKILL);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!whole)
        return err_set(e, ERR_PARTIAL, "'%s' was ended: not done within %lld s, or no longer wanted", program,
                       (long long)(errand->within_ns / CLOCK_NS_PER_S));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN)
        return err_set(e, ERR_USAGE, "cannot run '%s': %s", program, last_line(said));
    return err_set(e, ERR_PARTIAL, "'%s' failed: %s", program, last_line(said));
}
