#include "tcp_sendfile.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/flow_parts.h"

enum { FILE_BYTES = 128 * 1024, LARGE_PAGE = 2 * 1024 * 1024 };

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

/* The file's pages become large ones, as the page cache of a filesystem has them by itself, and a file in memory only
 * when asked. Where the kernel has none to give they stay small: the same bytes, a fifth more CPU. */
static void gather_pages(int fd, size_t bytes)
{
    const size_t size = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE, room = size + LARGE_PAGE;
    if (ftruncate(fd, (off_t)size) != 0)
        return;
    char *reserved = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (reserved == MAP_FAILED)
        return;
    char *aligned = reserved + (LARGE_PAGE - (uintptr_t)reserved % LARGE_PAGE) % LARGE_PAGE;
    void *pages = mmap(aligned, size, PROT_READ, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0);
    if (pages != MAP_FAILED)
        (void)madvise(pages, size, MADV_COLLAPSE);
    munmap(reserved, room);
}

/* Whole messages, so that none is cut short by the file's end. */
bool tcp_sendfile_prepare(struct flow *f, struct err *e)
{
    size_t messages = f->message_bytes < FILE_BYTES ? FILE_BYTES / f->message_bytes : 1;
    int fd = memfd_create("tare-sendfile", MFD_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "a file in memory to send");
    for (size_t i = 0; i < messages; i++)
        for (size_t done = 0; done < f->message_bytes;) {
            ssize_t written = write(fd, f->message + done, f->message_bytes - done);
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0) {
                close(fd);
                return err_errno(e, errno, "writing the file of %zu bytes to send", messages * f->message_bytes);
            }
            done += (size_t)written;
        }
    gather_pages(fd, messages * f->message_bytes);
    f->file_fd = fd;
    f->file_bytes = (off_t)(messages * f->message_bytes);
    return true;
}

/* sendfile(2) takes no MSG_NOSIGNAL: the signal is blocked here, and taken from where it waits. */
struct quiet {
    sigset_t pipe, before;
};

static void keep_quiet(struct quiet *q)
{
    sigemptyset(&q->pipe);
    sigaddset(&q->pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &q->pipe, &q->before);
}

static void end_quiet(const struct quiet *q)
{
    const struct timespec at_once = { 0 };
    if (!sigismember(&q->before, SIGPIPE))
        while (sigtimedwait(&q->pipe, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &q->before, NULL);
}

/* One piece of the file, from `*at` on; false when there is no more to send, in order (*ok) or not. */
static inline bool send_piece(struct flow *f, off_t *at, struct meter *meter, bool *ok, struct err *e)
{
    ssize_t sent = sendfile(f->fd, f->file_fd, at, f->message_bytes);
    if (sent > 0)
        meter_add(meter, (uint64_t)sent);
    else if (sent < 0 && errno == EPIPE && atomic_load(&f->stopped) && !atomic_load(&f->aborted))
        return false;
    else if (sent < 0 && errno != EINTR)
        return *ok = flow_break(f, errno, "sending a file", e);
    if (*at + (off_t)f->message_bytes > f->file_bytes)
        *at = 0;
    return true;
}

bool tcp_sendfile_send(struct flow *f, struct meter *meter, struct flow_times *times, struct err *e)
{
    struct quiet quiet;
    off_t at = 0;
    bool ok = true;
    keep_quiet(&quiet);
    times->first_op_ns = flow_begin(f);
    bool goes_on = send_piece(f, &at, meter, &ok, e);
    flow_begun(f);
    while (goes_on)
        goes_on = send_piece(f, &at, meter, &ok, e);
    ok = ok && flow_wait_for_close(f, e);
    times->last_op_ns = clock_raw_ns();
    end_quiet(&quiet);
    return ok;
}
