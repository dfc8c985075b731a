#include "view.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/log.h"
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

/* The member of "table|json|csv" that `word` is. */
static bool is_one_of(const char *word, const char *list)
{
    size_t size = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, "|"), at += *at == '|')
        if (size == strcspn(at, "|") && strncmp(at, word, size) == 0)
            return true;
    return false;
}

static bool take(int option, char **argv, const char *formats, struct view *view, struct err *e)
{
    switch (option) {
    case 'h': view->help = true; return true;
    case 'c': return set_color(optarg, view, e);
    case 'f':
        view->format = optarg;
        return is_one_of(optarg, formats) || err_set(e, ERR_USAGE, "--format '%.40s' is none of %s", optarg, formats);
    case 'a':
        view->archive_named = true;
        return text_copy(view->archive, sizeof view->archive, optarg) ||
               err_set(e, ERR_USAGE, "--archive: the path is too long");
    case ':':
        return err_set(e, ERR_USAGE, "%.40s needs a value; see `tare %s --help`", argv[optind - 1], view->command);
    default:
        return err_set(e, ERR_USAGE, "unknown option '%.40s'; see `tare %s --help`", argv[optind - 1], view->command);
    }
}

bool view_parse(int argc, char **argv, const char *formats, int arguments, struct view *view, struct err *e)
{
    static const struct option OPTIONS[] = {
        { "help", no_argument, NULL, 'h' },
        { "format", required_argument, NULL, 'f' },
        { "color", required_argument, NULL, 'c' },
        { "archive", required_argument, NULL, 'a' },
        { NULL, 0, NULL, 0 },
    };
    *view = (struct view){ .command = argv[0],
                           .format = "table",
                           .width = width_of(STDOUT_FILENO),
                           .color = is_color_terminal(STDOUT_FILENO) };
    optind = 0; /* anew, also after main's own options */
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", OPTIONS, NULL)) != -1;)
        if (!take(option, argv, formats, view, e))
            return false;
    if (view->help)
        return true;
    if (argc - optind > arguments)
        return err_set(e, ERR_USAGE, "what is '%.40s'? see `tare %s --help`", argv[optind + arguments], view->command);
    view->run = argc > optind ? argv[optind] : NULL;
    return view->archive_named || archive_default_path(view->archive, sizeof view->archive, e);
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

int view_fail(const struct view *view, const struct err *e)
{
    log_error("%s: %s", view->command, e->text);
    return (int)e->exit;
}
