#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static _Atomic int shown = LOG_INFO;
static const struct log_sink *_Atomic diverted;

void log_set_level(enum log_level level) { atomic_store_explicit(&shown, (int)level, memory_order_relaxed); }

bool log_shows(enum log_level level) { return (int)level <= atomic_load_explicit(&shown, memory_order_relaxed); }

void log_divert(const struct log_sink *sink) { atomic_store(&diverted, sink); }

const char *log_word(enum log_level level)
{
#define WORD(name, word, meaning) word,
    static const char *const WORDS[LOG_LEVEL_COUNT] = { LOG_LEVELS(WORD) };
#undef WORD
    return (unsigned)level < LOG_LEVEL_COUNT ? WORDS[level] : "?";
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (!log_shows(level))
        return;
    int saved = errno;
    char line[1024];
    const struct log_sink *sink = atomic_load(&diverted);
    va_list args;
    va_start(args, fmt);
    if (sink) {
        vsnprintf(line, sizeof line, fmt, args);
        va_end(args);
        text_disarm(line);
        sink->take(sink->context, level, line);
        errno = saved;
        return;
    }
    const char *word = log_word(level);
    int head = snprintf(line, sizeof line, "%s: %s%s", program_invocation_short_name, word, *word ? ": " : "");
    size_t used = head < 0 ? 0 : (size_t)head;
    int body = vsnprintf(line + used, sizeof line - used - 1, fmt, args);
    va_end(args);
    used += body < 0 ? 0 : (size_t)body;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used] = '\0';
    text_disarm(line);
    line[used++] = '\n';
    /* One write a line, so that lines of several programs on one terminal never mix. A reader
     * that is gone is not an error of ours. */
    if (write(STDERR_FILENO, line, used) < 0)
        errno = saved;
    errno = saved;
}
