/* How many CPUs there are for the start, and whether their speed stays. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu_list.h"
#include "base/small_file.h"
#include "doctor/checks.h"

/* Those this process may use: a container may have fewer than the machine. */
static int count_cpus(const struct doctor_place *place)
{
    static const char KEY[] = "\nCpus_allowed_list:";
    char text[8192], online[1024];
    const char *line = small_file_read(place->root, "/proc/self/status", text, sizeof text) ? strstr(text, KEY) : NULL;
    if (line) {
        line += sizeof KEY - 1;
        line += strspn(line, " \t");
        snprintf(online, sizeof online, "%.*s", (int)strcspn(line, "\n"), line);
        return cpu_list_count(online);
    }
    return small_file_read(place->root, "/sys/devices/system/cpu/online", online, sizeof online)
               ? cpu_list_count(online)
               : 0;
}

/* Nodes that spin for a start, and what one of them may have to leave to a guest. */
static const struct need {
    enum doctor_who who;
    int cpus;
    const char *enough, *few;
} NEEDS[] = {
    { DOCTOR_COORDINATOR, 2, "host and peer of a lab each have one to spin on",
      "nobody in a lab spins, so starts are less exact (and say so)" },
    { DOCTOR_NODE, 2, "this node can spin beside a guest",
      "beside a guest this node does not spin, so starts are less exact (and say so)" },
    { DOCTOR_NETSERVER, 1, "this agent can spin", "this agent does not spin" },
};

void cpus_count(const struct doctor_place *place, struct doctor_report *report)
{
    int cpus = count_cpus(place);
    const struct need *need = NEEDS;
    while (need->who != place->who)
        need++;
    if (cpus == 0)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "the kernel does not tell its CPUs"), "is /proc mounted here?");
    else if (cpus >= need->cpus)
        doctor_add(report, DOCTOR_OK, "", "%d CPU%s: %s", cpus, cpus == 1 ? "" : "s", need->enough);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%d CPU: %s", cpus, need->few),
                    "give this machine %d CPUs or more", need->cpus);
}

#define CPU_DIRECTORY "/sys/devices/system/cpu"

/* Information, either way: a machine without any is no worse than it was. */
void cpus_isolated(const struct doctor_place *place, struct doctor_report *report)
{
    char list[256];
    if (small_file_read(place->root, CPU_DIRECTORY "/isolated", list, sizeof list) && *list)
        doctor_add(report, DOCTOR_OK, "", "CPU %.60s: a start spins there only when it is started by taskset -c %.60s",
                   list, list);
    else
        doctor_add(report, DOCTOR_OK, "",
                   "none: where CPUs are busy, isolcpus= in the kernel's command line keeps one free for starts");
}

static int is_cpu(const struct dirent *entry)
{
    return strncmp(entry->d_name, "cpu", 3) == 0 && entry->d_name[3] >= '0' && entry->d_name[3] <= '9';
}

void cpus_governor(const struct doctor_place *place, struct doctor_report *report)
{
    char full[PATH_MAX];
    struct dirent **cpus = NULL;
    int count = doctor_path(place, CPU_DIRECTORY, full, sizeof full) ? scandir(full, &cpus, is_cpu, alphasort) : -1;
    int scaled = 0, others = 0;
    char other[64] = "";
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX], governor[64];
        snprintf(path, sizeof path, CPU_DIRECTORY "/%s/cpufreq/scaling_governor", cpus[i]->d_name);
        free(cpus[i]);
        if (!small_file_read(place->root, path, governor, sizeof governor))
            continue;
        scaled++;
        if (strcmp(governor, "performance") == 0)
            continue;
        others++;
        snprintf(other, sizeof other, "%s", governor);
    }
    free(cpus);
    if (scaled == 0)
        doctor_add(report, DOCTOR_OK, "", "no frequency scaling to be seen (a guest, or the firmware decides)");
    else if (others == 0)
        doctor_add(report, DOCTOR_OK, "", "performance");
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "'%s' on %d of %d CPUs: the frequency follows the load", other,
                               others, scaled),
                    "echo performance | %stee " CPU_DIRECTORY "/cpu*/cpufreq/scaling_governor", doctor_sudo(place));
}

void cpus_turbo(const struct doctor_place *place, struct doctor_report *report)
{
    static const struct {
        const char *path;
        int off; /* what stands there when there is no turbo */
    } SWITCHES[] = { { CPU_DIRECTORY "/intel_pstate/no_turbo", 1 }, { CPU_DIRECTORY "/cpufreq/boost", 0 } };
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++) {
        long long now = doctor_number(place, SWITCHES[i].path);
        if (now < 0)
            continue;
        if (now == SWITCHES[i].off)
            doctor_add(report, DOCTOR_OK, "", "off");
        else
            doctor_mend(doctor_add(report, DOCTOR_WARN, "", "on: the frequency depends on heat and on other CPUs"),
                        "echo %d | %stee %s", SWITCHES[i].off, doctor_sudo(place), SWITCHES[i].path);
        return;
    }
    doctor_add(report, DOCTOR_OK, "", "no switch for it to be seen (a guest, or the firmware decides)");
}
