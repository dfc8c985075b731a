#include "small_file.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

bool small_file_read(const char *root, const char *path, char *text, size_t size)
{
    char full[PATH_MAX] = "";
    if (!text_append(full, sizeof full, "%s%s", root, path))
        return false;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    size_t used = 0;
    ssize_t got;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    close(fd);
    while (used > 0 && strchr(" \t\n", text[used - 1])) /* a device tree's NUL too */
        used--;
    text[used] = '\0';
    size_t lead = strspn(text, " \t\n");
    memmove(text, text + lead, used - lead + 1);
    return text[0] != '\0';
}
