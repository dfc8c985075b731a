/* log.h - lines for the person at the terminal, on stderr.
 *
 * Levels say what the reader should do, not how loud the line is. Only `main`, `cmd_*`, `run`
 * and `session` log; library code returns a struct err instead.
 */
#ifndef TARE_LOG_H
#define TARE_LOG_H

#include <stdbool.h>

#include "err.h"

/* level, its word, what it means */
#define LOG_LEVELS(L)                                             \
    L(ERROR, "error", "something did not happen: look now")       \
    L(WARN, "warning", "tare goes on, but the result may suffer") \
    L(INFO, "", "what is going on")                               \
    L(DEBUG, "debug", "every step, for a bug report")

#define LOG_LEVEL_ENUM(name, word, meaning) LOG_##name,
enum log_level { LOG_LEVELS(LOG_LEVEL_ENUM) LOG_LEVEL_COUNT };

/* Show lines up to `level` (LOG_INFO at the start). With log_divert all the mutable globals of tare. */
void log_set_level(enum log_level level);

bool log_shows(enum log_level level);

/* Where lines go instead of stderr: to whoever draws there. `text` is without program and word. */
struct log_sink {
    void (*take)(void *context, enum log_level level, const char *text);
    void *context;
};

/* Hand every line that shows to `sink`, borrowed until the next call; NULL: stderr again. No other
 * thread logs during the call. */
void log_divert(const struct log_sink *sink);

/* A level's word in front of a line: "warning"; "" where it has none. */
const char *log_word(enum log_level level);

/* One line, "PROGRAM: WORD: text"; a newline is added. Written with one write(2). */
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
