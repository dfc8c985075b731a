/* What time is read from, and how late a sleep ends. */
#include <string.h>

#include "base/small_file.h"
#include "base/words.h"
#include "doctor/checks.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

/* Read in user space, 20 to 40 ns each. */
static const char GOOD[] =
    "tsc|kvm-clock|hyperv_clocksource_tsc_page|arch_sys_counter|riscv_clocksource|timebase|tod|xen";
/* A system call and a slow device, 1 us and more each, or ticks of milliseconds. */
static const char BAD[] = "hpet|acpi_pm|refined-jiffies|jiffies|pit";

/* Is `word` among the words that are divided by spaces? */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += length)
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

void clocks_source(const struct doctor_place *place, struct doctor_report *report)
{
    char source[64], available[256] = "";
    if (!small_file_read(place->root, CLOCKSOURCE "current_clocksource", source, sizeof source)) {
        doctor_add(report, DOCTOR_WARN, "", "the kernel does not tell its clocksource");
        return;
    }
    if (words_index(GOOD, source) >= 0) {
        doctor_add(report, DOCTOR_OK, "", "%s", source);
        return;
    }
    bool is_bad = words_index(BAD, source) >= 0;
    struct doctor_finding *f = doctor_add(report, DOCTOR_WARN, "", "%s: %s", source,
                                          is_bad ? "slow or coarse to read, bounds of starts grow by it"
                                                 : "not known to be good for fine stamps");
    if (!small_file_read(place->root, CLOCKSOURCE "available_clocksource", available, sizeof available))
        available[0] = '\0';
    for (const char *const *better = (const char *const[]){ "tsc", "kvm-clock", NULL }; *better; better++)
        if (has_word(available, *better)) {
            doctor_mend(f, "echo %s | %stee " CLOCKSOURCE "current_clocksource", *better, doctor_sudo(place));
            return;
        }
    doctor_mend(f, "%sdmesg | grep -i -e tsc -e clocksource   # why the kernel gave up a better one",
                doctor_sudo(place));
}

/* start_gate.h: a start sleeps until 300 us before T and spins from there. */
enum { LEAD_NS = 300 * 1000 };

void clocks_timer(const struct doctor_place *place, struct doctor_report *report)
{
    int64_t late_ns = 0;
    int why = place->tries->late(&late_ns);
    if (why != 0)
        doctor_add(report, DOCTOR_WARN, "", "sleeping to a moment failed: %s", strerror(why));
    else if (late_ns <= LEAD_NS)
        doctor_add(report, DOCTOR_OK, "", "a sleep ends %.0f us late", (double)late_ns / 1e3);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "a sleep ends %.0f us late, a start spins only %d us",
                               (double)late_ns / 1e3, LEAD_NS / 1000),
                    "look for other work on this machine (top), for deep C-states, and in a guest for steal");
}
