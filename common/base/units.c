#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct unit {
    const char *name;
    int64_t scale;
};

__extension__ typedef __int128 wide; /* so that no product overflows before it is checked */

#define KILO INT64_C(1000)
#define KIBI INT64_C(1024)

/* Each table ascends; the printers walk it backwards. */
static const struct unit DURATIONS[] = {
    { "ns", 1 },
    { "us", KILO },
    { "ms", KILO *KILO },
    { "s", KILO *KILO *KILO },
    { "m", 60 * KILO *KILO *KILO },
    { "h", 3600 * KILO *KILO *KILO },
};
static const struct unit SIZES[] = {
    { "B", 1 },
    { "KB", KILO },
    { "KiB", KIBI },
    { "MB", KILO *KILO },
    { "MiB", KIBI *KIBI },
    { "GB", KILO *KILO *KILO },
    { "GiB", KIBI *KIBI *KIBI },
    { "TB", KILO *KILO *KILO *KILO },
    { "TiB", KIBI *KIBI *KIBI *KIBI },
};
static const struct unit RATES[] = {
    { "bit/s", 1 },
    { "kbit/s", KILO },
    { "Mbit/s", KILO *KILO },
    { "Gbit/s", KILO *KILO *KILO },
};

static const struct unit PERCENTS[] = { { "%", 10000 } };

static void list_units(const struct unit *units, size_t count, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = 0; i < count; i++)
        text_append(out, size, "%s%s", i ? " " : "", units[i].name);
}

/* `text` is digits, perhaps a point and digits, then a unit. Exact: the value is built from the
 * digits as integers, so that "0.1s" is 100000000 ns and not what a double makes of it. */
static bool parse(const char *text, const char *what, const struct unit *units, size_t count, int64_t *value,
                  struct err *e)
{
    char names[96];
    list_units(units, count, names, sizeof names);
    int64_t whole = 0, fraction = 0, divisor = 1;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *at - '0', &whole))
            return err_set(e, ERR_USAGE, "'%.40s' is too large", text);
    if (at == text)
        return err_set(e, ERR_USAGE, "'%.40s' is not a %s (a number and one of: %s)", text, what, names);
    if (*at == '.') {
        const char *first = ++at;
        for (; *at >= '0' && *at <= '9'; at++) {
            if (at - first >= 12)
                return err_set(e, ERR_USAGE, "'%.40s' has too many decimals", text);
            fraction = fraction * 10 + (*at - '0');
            divisor *= 10;
        }
        if (at == first)
            return err_set(e, ERR_USAGE, "'%.40s' has no digit after the point", text);
    }
    while (*at == ' ')
        at++;
    if (*at == '\0' && whole == 0 && fraction == 0) {
        *value = 0;
        return true;
    }
    if (*at == '\0')
        return err_set(e, ERR_USAGE, "'%.40s' has no unit (one of: %s)", text, names);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(at, units[i].name) != 0)
            continue;
        wide scaled = (wide)whole * units[i].scale, part = (wide)fraction * units[i].scale;
        if (part % divisor != 0)
            return err_set(e, ERR_USAGE, "'%.40s' is not a whole number of %s", text, units[0].name);
        scaled += part / divisor;
        if (scaled > INT64_MAX)
            return err_set(e, ERR_USAGE, "'%.40s' is too large", text);
        *value = (int64_t)scaled;
        return true;
    }
    return err_set(e, ERR_USAGE, "'%.40s': unknown unit '%.20s' (one of: %s)", text, at, names);
}

bool units_parse_duration(const char *text, int64_t *ns, struct err *e)
{
    return parse(text, "duration", DURATIONS, ARRAY_SIZE(DURATIONS), ns, e);
}

bool units_parse_size(const char *text, int64_t *bytes, struct err *e)
{
    return parse(text, "size", SIZES, ARRAY_SIZE(SIZES), bytes, e);
}

bool units_parse_rate(const char *text, int64_t *bits_per_s, struct err *e)
{
    return parse(text, "rate", RATES, ARRAY_SIZE(RATES), bits_per_s, e);
}

bool units_parse_percent(const char *text, int64_t *millionths, struct err *e)
{
    return parse(text, "percentage", PERCENTS, ARRAY_SIZE(PERCENTS), millionths, e);
}

bool units_parse_int(const char *text, int64_t *value, struct err *e)
{
    char *end = NULL;
    errno = 0;
    long long read = strtoll(text, &end, 10);
    bool starts_well = (*text >= '0' && *text <= '9') || *text == '-';
    if (!starts_well || end == text || *end != '\0')
        return err_set(e, ERR_USAGE, "'%.40s' is not a whole number", text);
    if (errno == ERANGE)
        return err_set(e, ERR_USAGE, "'%.40s' is too large", text);
    *value = read;
    return true;
}

/* The largest unit that divides the value. */
static const char *print(int64_t value, const struct unit *units, size_t count, char *out, size_t size)
{
    size_t best = 0;
    for (size_t i = 0; i < count; i++)
        if (value != 0 && value % units[i].scale == 0)
            best = i;
    snprintf(out, size, "%" PRId64 "%s", value / units[best].scale, units[best].name);
    return out;
}

const char *units_print_duration(int64_t ns, char *out, size_t size)
{
    return print(ns, DURATIONS, ARRAY_SIZE(DURATIONS), out, size);
}

const char *units_print_size(int64_t bytes, char *out, size_t size)
{
    return print(bytes, SIZES, ARRAY_SIZE(SIZES), out, size);
}

const char *units_print_rate(int64_t bits_per_s, char *out, size_t size)
{
    return print(bits_per_s, RATES, ARRAY_SIZE(RATES), out, size);
}

const char *units_print_percent(int64_t millionths, char *out, size_t size)
{
    int decimals = 4;
    int64_t part = millionths % 10000;
    for (; decimals > 0 && part % 10 == 0; decimals--)
        part /= 10;
    if (decimals > 0)
        snprintf(out, size, "%" PRId64 ".%0*" PRId64 "%%", millionths / 10000, decimals, part);
    else
        snprintf(out, size, "%" PRId64 "%%", millionths / 10000);
    return out;
}

/* The largest unit of which there is at least one. */
static size_t unit_for(double value, const struct unit *units, size_t count)
{
    size_t best = 0;
    while (best + 1 < count && fabs(value) >= (double)units[best + 1].scale)
        best++;
    return best;
}

/* With two decimals below a hundred, none where there can be none. */
static const char *show(double value, const struct unit *units, size_t count, char *out, size_t size)
{
    size_t best = unit_for(value, units, count);
    double scaled = value / (double)units[best].scale;
    snprintf(out, size, "%.*f %s", best == 0 ? 0 : fabs(scaled) < 100 ? 2 : 1, scaled, units[best].name);
    return out;
}

const char *units_show_rate(double bits_per_s, char *out, size_t size)
{
    return show(bits_per_s, RATES, ARRAY_SIZE(RATES), out, size);
}

const char *units_show_frequency(double per_s, char *out, size_t size)
{
    snprintf(out, size, "%.*f /s", per_s < 1000 ? 1 : 0, per_s);
    return out;
}

const char *units_show_in(double value, const char *unit, char *out, size_t size)
{
    static const struct unit BYTES[] = {
        { "B/s", 1 }, { "KB/s", KILO }, { "MB/s", KILO * KILO }, { "GB/s", KILO * KILO * KILO }
    };
    if (strcmp(unit, "1/s") == 0)
        return units_show_frequency(value, out, size);
    if (strcmp(unit, "bit/s") == 0)
        return units_show_rate(value, out, size);
    if (strcmp(unit, "B/s") == 0)
        return show(value, BYTES, ARRAY_SIZE(BYTES), out, size);
    if (strcmp(unit, "s") == 0)
        return units_show_ns(value * 1e9, out, size);
    int decimals = fabs(value) >= 1000 ? 0 : fabs(value) >= 10 ? 1 : 3;
    snprintf(out, size, "%.*f%s%s", decimals, value, strcmp(unit, "1") == 0 ? "" : " ",
             strcmp(unit, "1") == 0 ? "" : unit);
    return out;
}

const char *units_show_ns(double ns, char *out, size_t size) { return show(ns, DURATIONS, 4, out, size); }

void units_drop_same(char *text, const char *like)
{
    char *unit = strchr(text, ' ');
    const char *same = strchr(like, ' ');
    if (unit && same && strcmp(unit, same) == 0)
        *unit = '\0';
}

const char *units_show_wait(int64_t ns, char *out, size_t size)
{
    static const int64_t SECOND = KILO * KILO * KILO;
    enum { MINUTE = 60, HOUR = 3600, DAY = 24 * 3600 };
    int64_t s = ns <= 0 ? 0 : ns / SECOND + (ns % SECOND >= SECOND / 2);
    if (s >= MINUTE)
        s = (s + 5) / 10 * 10;
    if (s >= HOUR)
        s = (s + MINUTE / 2) / MINUTE * MINUTE;
    if (s >= DAY)
        snprintf(out, size, "%" PRId64 " d %" PRId64 " h", s / DAY, s % DAY / HOUR);
    else if (s >= HOUR)
        snprintf(out, size, "%" PRId64 " h %" PRId64 " min", s / HOUR, s % HOUR / MINUTE);
    else if (s >= MINUTE)
        snprintf(out, size, "%" PRId64 " min %" PRId64 " s", s / MINUTE, s % MINUTE);
    else
        snprintf(out, size, "%" PRId64 " s", s);
    return out;
}

const char *units_show_span(struct span_ns span, char *out, size_t size)
{
    char least[40], most[40];
    if (span.most - span.least <= span.least / 4)
        return units_show_wait(span.least + (span.most - span.least) / 2, out, size);
    snprintf(out, size, "%s to %s", units_show_wait(span.least, least, sizeof least),
             units_show_wait(span.most, most, sizeof most));
    return out;
}

const char *units_show_ns_within(double ns, double bound_ns, char *out, size_t size)
{
    size_t best = unit_for(fabs(ns) > bound_ns ? ns : bound_ns, DURATIONS, 4);
    double scale = (double)DURATIONS[best].scale;
    int decimals = best == 0 ? 0 : 2;
    snprintf(out, size, "%.*f +-%.*f %s", decimals, ns / scale, decimals, bound_ns / scale, DURATIONS[best].name);
    return out;
}
