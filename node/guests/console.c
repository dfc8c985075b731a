#include "console.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { SEEN = 32 * 1024, LINES = 5 };

static const char UP[] = "tare: guest is up";

/* The end of the file, up to `size - 1` bytes, without NULs. */
static size_t read_end(int fd, char *text, size_t size)
{
    struct stat st;
    text[0] = '\0';
    if (fd < 0 || fstat(fd, &st) != 0)
        return 0;
    off_t from = st.st_size > (off_t)size - 1 ? st.st_size - ((off_t)size - 1) : 0;
    ssize_t got = pread(fd, text, size - 1, from);
    if (got < 0)
        got = 0;
    for (ssize_t i = 0; i < got; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text[got] = '\0';
    return (size_t)got;
}

bool console_says_up(int fd)
{
    char text[SEEN];
    return read_end(fd, text, sizeof text) > 0 && strstr(text, UP);
}

/* Over an escape sequence, ESC [ parameters letter; else one byte. */
static const char *skip(const char *at)
{
    if (at[0] != '\033' || at[1] != '[')
        return at + 1;
    at += 2;
    while (*at && (*at < '@' || *at > '~'))
        at++;
    return *at ? at + 1 : at;
}

/* The printable part of a line, appended. */
static void put_line(const char *from, const char *to, char *text, size_t size)
{
    size_t used = strlen(text);
    while (from < to && used < size - 1) {
        if (*from >= ' ' && *from < 0x7f)
            text[used++] = *from++;
        else
            from = skip(from);
    }
    text[used] = '\0';
}

void console_tail(int fd, char *text, size_t size)
{
    char all[1024];
    const char *starts[LINES], *ends[LINES];
    size_t count = 0;
    text[0] = '\0';
    for (const char *end = all + read_end(fd, all, sizeof all); end > all && count < LINES;) {
        const char *start = end;
        while (start > all && start[-1] != '\n')
            start--;
        if (strspn(start, " \r\t") < (size_t)(end - start)) {
            starts[count] = start;
            ends[count++] = end;
        }
        end = start > all ? start - 1 : all;
    }
    while (count-- > 0) {
        put_line(starts[count], ends[count], text, size);
        if (count > 0)
            text_append(text, size, " | ");
    }
}
