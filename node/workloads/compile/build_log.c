#include "build_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { LAST_LINES = 3 };

bool build_log_open(struct build_log *log, const char *path, struct err *e)
{
    int ends[2];
    *log = (struct build_log){ .in = -1, .out = -1, .file = -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "no pipe for a build");
    log->in = ends[0];
    log->out = ends[1];
    log->file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (log->file >= 0 && fcntl(log->in, F_SETFL, O_NONBLOCK) == 0)
        return true;
    err_errno(e, errno, "cannot write '%s'", path);
    build_log_close(log);
    return false;
}

void build_log_close(struct build_log *log)
{
    int *const fds[] = { &log->in, &log->out, &log->file };
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

static void keep_tail(struct build_log *log, const char *block, size_t size)
{
    size_t fresh = size < BUILD_LOG_TAIL ? size : BUILD_LOG_TAIL;
    size_t kept = log->tail_size + fresh > BUILD_LOG_TAIL ? BUILD_LOG_TAIL - fresh : log->tail_size;
    memmove(log->tail, log->tail + log->tail_size - kept, kept);
    memcpy(log->tail + kept, block + size - fresh, fresh);
    log->tail_size = kept + fresh;
    log->tail[log->tail_size] = '\0';
}

bool build_log_read(struct build_log *log)
{
    char block[16 * 1024];
    ssize_t got;
    while ((got = read(log->in, block, sizeof block)) > 0) {
        for (const char *at = block; (at = memchr(at, '\n', (size_t)(block + got - at))); at++)
            log->lines++;
        keep_tail(log, block, (size_t)got);
        if (log->written < BUILD_LOG_MOST && write(log->file, block, (size_t)got) == got)
            log->written += got;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

const char *build_log_end(const struct build_log *log, char *text, size_t size)
{
    const char *end = log->tail + log->tail_size, *lines[LAST_LINES];
    size_t lengths[LAST_LINES], count = 0;
    while (end > log->tail && count < LAST_LINES) {
        const char *from = end;
        while (from > log->tail && from[-1] != '\n')
            from--;
        if (end - from > 0 && (size_t)(end - from) > strspn(from, " \t\r")) {
            lines[count] = from;
            lengths[count++] = (size_t)(end - from);
        }
        end = from > log->tail ? from - 1 : log->tail;
    }
    if (count == 0) {
        text_copy(text, size, "it said nothing");
        return text;
    }
    char all[BUILD_LOG_TAIL + 16] = "";
    while (count-- > 0)
        text_append(all, sizeof all, "%.*s%s", (int)lengths[count], lines[count], count > 0 ? " | " : "");
    size_t length = strlen(all);
    text_copy(text, size, length < size ? all : all + length - size + 1);
    text_disarm(text);
    return text;
}

const char *build_log_first(const struct build_log *log, char *text, size_t size)
{
    size_t length = strcspn(log->tail, "\r\n");
    text[0] = '\0';
    text_append(text, size, "%.*s", (int)length, log->tail);
    text_disarm(text);
    return text;
}
