/* units.h - "10s", "64KiB", "100Mbit/s" and back.
 *
 * A number without its unit is refused (but 0): "10" for a length has been 10 s to one tool and
 * 10 ms to another. Fractions are accepted when the result is whole ("0.5s", "1.5KiB").
 */
#ifndef TARE_UNITS_H
#define TARE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* ns us ms s m h -> nanoseconds. */
MUST_CHECK bool units_parse_duration(const char *text, int64_t *ns, struct err *e);

/* B, KB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024) -> bytes. */
MUST_CHECK bool units_parse_size(const char *text, int64_t *bytes, struct err *e);

/* bit/s, kbit/s, Mbit/s, Gbit/s -> bit/s. */
MUST_CHECK bool units_parse_rate(const char *text, int64_t *bits_per_s, struct err *e);

/* "3%", "0.5%" -> millionths: 30000, 5000. */
MUST_CHECK bool units_parse_percent(const char *text, int64_t *millionths, struct err *e);

/* Decimal integer with an optional sign, nothing after it. */
MUST_CHECK bool units_parse_int(const char *text, int64_t *value, struct err *e);

/* The shortest exact text that parses back to the same value: "1500ms", "64KiB". */
const char *units_print_duration(int64_t ns, char *out, size_t size);
const char *units_print_size(int64_t bytes, char *out, size_t size);
const char *units_print_rate(int64_t bits_per_s, char *out, size_t size);
const char *units_print_percent(int64_t millionths, char *out, size_t size);

/* For people: about three to four significant digits, "94.15 Mbit/s", "12.3 us". */
const char *units_show_rate(double bits_per_s, char *out, size_t size);
const char *units_show_ns(double ns, char *out, size_t size);
/* How often: "23456 /s", "812.4 /s" below a thousand. */
const char *units_show_frequency(double per_s, char *out, size_t size);
/* A figure in its unit: "bit/s", "1/s", "B/s", "s" and "1" as they are best read, others as they are. */
const char *units_show_in(double value, const char *unit, char *out, size_t size);
/* A time and how sure it is, in one unit: "0.31 +-2.40 us". */
const char *units_show_ns_within(double ns, double bound_ns, char *out, size_t size);

/* Cut the unit from a shown `text` where it is that of `like`: "5.61" before "6.12 Mbit/s". */
void units_drop_same(char *text, const char *like);

/* How long a person waits: "45 s", "1 min 10 s" (to 10 s), "2 h 5 min", "3 d 4 h". */
const char *units_show_wait(int64_t ns, char *out, size_t size);

/* Times of which nobody knows more than that: "3 min 50 s", "4 min to 7 min 30 s" where the ends differ by a quarter.
 */
struct span_ns {
    int64_t least, most;
};
const char *units_show_span(struct span_ns span, char *out, size_t size);

#endif
