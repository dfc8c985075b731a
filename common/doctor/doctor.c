#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/small_file.h"
#include "base/text.h"
#include "doctor/checks.h"

#define CHECK_ROW(id, function, who, what) { id, what, who, function },
const struct doctor_check DOCTOR_CHECKS[] = { DOCTOR_CHECK_LIST(CHECK_ROW) };
const size_t DOCTOR_CHECK_COUNT = ARRAY_SIZE(DOCTOR_CHECKS);

void doctor_examine(const struct doctor_place *place, struct doctor_report *report)
{
    *report = (struct doctor_report){ 0 };
    for (size_t i = 0; i < DOCTOR_CHECK_COUNT; i++) {
        if (!(DOCTOR_CHECKS[i].who & place->who))
            continue;
        size_t before = report->count;
        DOCTOR_CHECKS[i].look(place, report);
        for (size_t j = before; j < report->count; j++)
            report->findings[j].check = &DOCTOR_CHECKS[i];
    }
}

size_t doctor_count(const struct doctor_report *report, enum doctor_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        count += report->findings[i].verdict == verdict;
    return count;
}

const char *doctor_verdict_word(enum doctor_verdict verdict)
{
    static const char *const WORDS[DOCTOR_VERDICTS] = { "ok", "warn", "fail" };
    return WORDS[verdict];
}

const char *doctor_who_word(enum doctor_who who)
{
    return who == DOCTOR_COORDINATOR ? "coordinator" : who == DOCTOR_NODE ? "node" : "netserver";
}

struct doctor_finding *doctor_add(struct doctor_report *report, enum doctor_verdict verdict, const char *subject,
                                  const char *fmt, ...)
{
    /* With no room the last one gives way to a graver one, and is counted. */
    if (report->count == DOCTOR_FINDINGS_MAX)
        report->left_out++;
    else
        report->count++;
    struct doctor_finding *finding = &report->findings[report->count - 1], before = *finding;
    *finding = (struct doctor_finding){ .verdict = verdict };
    text_copy(finding->subject, sizeof finding->subject, subject);
    va_list args;
    va_start(args, fmt);
    vsnprintf(finding->text, sizeof finding->text, fmt, args);
    va_end(args);
    if (report->left_out > 0 && before.verdict > verdict)
        *finding = before;
    return finding;
}

void doctor_mend(struct doctor_finding *finding, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(finding->remedy, sizeof finding->remedy, fmt, args);
    va_end(args);
}

const char *doctor_sudo(const struct doctor_place *place) { return place->is_root ? "" : "sudo "; }

bool doctor_path(const struct doctor_place *place, const char *path, char *full, size_t size)
{
    full[0] = '\0';
    return text_append(full, size, "%s%s", place->root, path);
}

bool doctor_has(const struct doctor_place *place, const char *path)
{
    char full[PATH_MAX];
    struct stat status;
    return doctor_path(place, path, full, sizeof full) && lstat(full, &status) == 0;
}

long long doctor_number(const struct doctor_place *place, const char *path)
{
    char text[32], *end;
    if (!small_file_read(place->root, path, text, sizeof text))
        return -1;
    long long number = strtoll(text, &end, 10);
    return end != text && *end == '\0' ? number : -1;
}

bool doctor_program(const struct doctor_place *place, const char *program, char *path, size_t size)
{
    static const char SYSTEM[] = "/usr/sbin:/sbin:/usr/bin:/bin";
    const char *const lists[] = { place->path, SYSTEM };
    for (size_t i = 0; i < 2; i++)
        for (const char *at = lists[i]; *at; at += strcspn(at, ":"), at += *at == ':')
            if (*at == '/' && snprintf(path, size, "%.*s/%s", (int)strcspn(at, ":"), at, program) < (int)size &&
                doctor_has(place, path))
                return true;
    return false;
}
