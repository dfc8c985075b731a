#include "show.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/json_text.h"
#include "base/text.h"

static const char *tone(enum doctor_verdict verdict)
{
    static const char *const TONES[DOCTOR_VERDICTS] = { "\033[32m", "\033[33m", "\033[1;31m" };
    return TONES[verdict];
}

static void label(const struct doctor_finding *finding, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", finding->check->id, *finding->subject ? " " : "", finding->subject);
}

void doctor_show_table(const struct doctor_place *place, const struct doctor_report *report, bool color, FILE *out)
{
    /* A failure is loud also where there is no colour. */
    static const char *const WORDS[DOCTOR_VERDICTS] = { "ok", "warn", "FAIL" };
    char name[64];
    int width = 0;
    for (size_t i = 0; i < report->count; i++) {
        label(&report->findings[i], name, sizeof name);
        width = (int)strlen(name) > width ? (int)strlen(name) : width;
    }
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_finding *f = &report->findings[i];
        label(f, name, sizeof name);
        fprintf(out, "%s%-4s%s  %-*s  %s\n", color ? tone(f->verdict) : "", WORDS[f->verdict], color ? "\033[0m" : "",
                width, name, f->text);
        if (*f->remedy)
            fprintf(out, "%*s-> %s\n", width + 8, "", f->remedy);
    }
    if (report->left_out > 0)
        fprintf(out, "%zu more findings had no room\n", report->left_out);
    fprintf(out, "\n%s: %zu ok, %zu to know of, %zu in the way\n", doctor_who_word(place->who),
            doctor_count(report, DOCTOR_OK), doctor_count(report, DOCTOR_WARN), doctor_count(report, DOCTOR_FAIL));
}

static void put_text(FILE *out, const char *key, const char *value)
{
    char escaped[2048] = "";
    json_text_append(escaped, sizeof escaped, value);
    if (*value)
        fprintf(out, "\"%s\":\"%s\"", key, escaped);
    else
        fprintf(out, "\"%s\":null", key);
}

static void put_who(FILE *out, unsigned who)
{
    const char *separator = "";
    fputs("\"needed_by\":[", out);
    for (unsigned one = DOCTOR_COORDINATOR; one <= DOCTOR_NETSERVER; one <<= 1)
        if (who & one) {
            fprintf(out, "%s\"%s\"", separator, doctor_who_word((enum doctor_who)one));
            separator = ",";
        }
    fputs("],", out);
}

void doctor_show_json(const struct doctor_place *place, const struct doctor_report *report, FILE *out)
{
    fprintf(out,
            "{\"schema\":1,\"version\":\"" TARE_VERSION "\",\"program\":\"%s\",\"ok\":%zu,\"warn\":%zu,\"fail\":%zu,",
            doctor_who_word(place->who), doctor_count(report, DOCTOR_OK), doctor_count(report, DOCTOR_WARN),
            doctor_count(report, DOCTOR_FAIL));
    fprintf(out, "\"left_out\":%zu,\"findings\":[", report->left_out);
    for (size_t i = 0; i < report->count; i++) {
        const struct doctor_finding *f = &report->findings[i];
        fprintf(out, "%s{", i ? "," : "");
        put_text(out, "check", f->check->id);
        fputc(',', out);
        put_text(out, "what", f->check->what);
        fputc(',', out);
        put_who(out, f->check->who);
        put_text(out, "subject", f->subject);
        fputc(',', out);
        put_text(out, "verdict", doctor_verdict_word(f->verdict));
        fputc(',', out);
        put_text(out, "text", f->text);
        fputc(',', out);
        put_text(out, "remedy", f->remedy);
        fputc('}', out);
    }
    fputs("]}\n", out);
}

static bool choose_color(const char *word, bool *color, struct err *e)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"); /* https://no-color.org */
    if (strcmp(word, "always") == 0)
        *color = true;
    else if (strcmp(word, "never") == 0)
        *color = false;
    else if (strcmp(word, "auto") == 0)
        *color = isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
    else
        return err_set(e, ERR_USAGE, "--color '%.40s' is none of auto, always, never", word);
    return true;
}

bool doctor_show(struct doctor_place *place, const char *format, const char *color_word, int *exit_code, struct err *e)
{
    bool is_json = strcmp(format, "json") == 0, color = false;
    char cache[PATH_MAX];
    if (!is_json && strcmp(format, "table") != 0)
        return err_set(e, ERR_USAGE, "--format '%.40s' is none of table, json", format);
    if (!choose_color(color_word, &color, e))
        return false;
    const char *path = getenv("PATH");
    place->root = "";
    place->tries = &DOCTOR_TRIES;
    place->uid = geteuid();
    place->is_root = place->uid == 0;
    place->path = path ? path : "";
    place->cache = cache_dir_path("", cache, sizeof cache) ? cache : "";
    struct doctor_report *report = calloc(1, sizeof *report);
    if (!report)
        return err_errno(e, ENOMEM, "looking at this machine");
    doctor_examine(place, report);
    /* A reader who has seen enough is no failure, and the exit code still tells what was found. */
    signal(SIGPIPE, SIG_IGN);
    if (is_json)
        doctor_show_json(place, report, stdout);
    else
        doctor_show_table(place, report, color, stdout);
    *exit_code = doctor_count(report, DOCTOR_FAIL) > 0 ? ERR_USAGE : 0;
    free(report);
    return true;
}
