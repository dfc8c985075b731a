#include "view.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/text.h"
#include "base/units.h"

enum { WIDTH_WITHOUT_TERMINAL = 100, WIDTH_MOST = 1000 };

static int width_of(int fd)
{
    const char *columns = getenv("COLUMNS");
    struct winsize window = { 0 };
    int64_t asked = 0;
    if (columns && units_parse_int(columns, &asked, NULL) && asked > 0 && asked <= WIDTH_MOST)
        return (int)asked;
    if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        return window.ws_col;
    return WIDTH_WITHOUT_TERMINAL;
}

static bool is_color_terminal(int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"); /* https://no-color.org */
    return isatty(fd) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static bool set_color(const char *word, struct view *view, struct err *e)
{
    if (strcmp(word, "always") == 0)
        view->color = true;
    else if (strcmp(word, "never") == 0)
        view->color = false;
    else if (strcmp(word, "auto") != 0)
        return err_set(e, ERR_USAGE, "--color '%.40s' is none of auto, always, never", word);
    return true;
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct view *view = to;
    switch (option) {
    case VIEW_COLOR: return set_color(value, view, e);
    case VIEW_FORMAT: view->format = value; return true;
    case VIEW_ARCHIVE:
        view->archive_named = true;
        return text_copy(view->archive, sizeof view->archive, value) ||
               err_set(e, ERR_USAGE, "--archive: the path is too long");
    default: return true;
    }
}

int view_begin(const struct command *command, int argc, char **argv, struct view *view)
{
    struct err e = { 0 };
    *view = (struct view){ .command = command,
                           .format = "table",
                           .width = width_of(STDOUT_FILENO),
                           .color = is_color_terminal(STDOUT_FILENO) };
    int code = command_begin(command, argc, argv, take, view);
    if (code >= 0)
        return code;
    view->run = argc > optind ? argv[optind] : NULL;
    bool ok = view->archive_named || archive_default_path(view->archive, sizeof view->archive, &e);
    return ok ? -1 : command_fail(command, &e);
}

bool view_write(const char *text, size_t size, struct err *e)
{
    signal(SIGPIPE, SIG_IGN);
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, text, size);
        if (written < 0 && errno == EPIPE)
            return true;
        if (written < 0 && errno != EINTR)
            return err_errno(e, errno, "cannot write the output");
        text += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}
