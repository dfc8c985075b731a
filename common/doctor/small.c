/* Whether the host is, or can be made, as small as its guest. */
#include <string.h>

#include "base/small_file.h"
#include "base/text.h"
#include "doctor/checks.h"

enum { WORD = 64 };

/* The last "NAME=value" of the kernel's command line, as one word; "" without. */
static void find_option(const char *line, const char *name, char word[WORD])
{
    const size_t length = strlen(name);
    word[0] = '\0';
    for (const char *at = line; (at = strstr(at, name)); at += length)
        if (at == line || at[-1] == ' ') {
            word[0] = '\0';
            text_append(word, WORD, "%.*s", (int)strcspn(at, " "), at);
        }
}

/* Why `confine:` cannot be had, for which it takes a controller of memory, and the right to groups of one's own; NULL:
 * it can. */
static const char *why_no_confine(const struct doctor_place *place)
{
    char text[1024];
    const bool has_v2 =
        small_file_read(place->root, "/sys/fs/cgroup/cgroup.controllers", text, sizeof text) && strstr(text, "memory");
    if (!has_v2 && !doctor_has(place, "/sys/fs/cgroup/memory/cgroup.procs"))
        return "there is no memory controller of cgroups";
    return place->is_root ? NULL : "it takes root, or an agent started by `systemd-run --user --scope`";
}

void small_host(const struct doctor_place *place, struct doctor_report *report)
{
    char line[4096], cpus[WORD], memory[WORD];
    const char *why = why_no_confine(place);
    if (!small_file_read(place->root, "/proc/cmdline", line, sizeof line))
        line[0] = '\0';
    find_option(line, "maxcpus=", cpus);
    if (!*cpus)
        find_option(line, "nr_cpus=", cpus);
    find_option(line, "mem=", memory);
    if (*cpus && *memory)
        doctor_add(report, DOCTOR_OK, "", "booted with %s %s: like for like with a guest of as much", cpus, memory);
    else if (!why)
        doctor_add(report, DOCTOR_OK, "",
                   "`confine:` of a guest keeps this host's work to as much; or boot it with maxcpus=VCPUS mem=MEMORY, "
                   "as in maxcpus=1 mem=512M");
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "larger than its guests, and no `confine:`: %s", why),
                    "for a guest of 1 vCPU and 512MiB boot with `maxcpus=1 mem=512M` on the kernel's command line%s",
                    doctor_has(place, "/etc/default/grub")
                        ? ": GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub"
                        : "");
}
