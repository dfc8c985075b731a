/* Settings of the kernel that guests feel. What is as every distribution has it is no fault: it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"
#include "doctor/checks.h"

void tuning_huge_pages(const struct doctor_place *place, struct doctor_report *report)
{
    static const char COUNT[] = "/proc/sys/vm/nr_hugepages", FREE[] = "\nHugePages_Free:", SIZE[] = "\nHugepagesize:";
    char text[8192];
    long long count = doctor_number(place, COUNT), unused = 0, kib = 0;
    if (count < 0) {
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "this kernel has none: no guest with `huge_pages`"),
                    "leave huge_pages out of the scenario");
        return;
    }
    if (count == 0) {
        doctor_add(report, DOCTOR_OK, "",
                   "none reserved; a guest with `huge_pages` needs some: %ssysctl vm.nr_hugepages=N",
                   doctor_sudo(place));
        return;
    }
    const char *at = small_file_read(place->root, "/proc/meminfo", text, sizeof text) ? strstr(text, FREE) : NULL;
    if (at) {
        unused = strtoll(at + sizeof FREE - 1, NULL, 10);
        at = strstr(text, SIZE);
    }
    if (at)
        kib = strtoll(at + sizeof SIZE - 1, NULL, 10);
    doctor_add(report, DOCTOR_OK, "", "%lld of %lld are free: %lld MiB for guests with `huge_pages`", unused, count,
               unused * kib / 1024);
}

void tuning_halt_poll(const struct doctor_place *place, struct doctor_report *report)
{
    static const char PATH[] = "/sys/module/kvm/parameters/halt_poll_ns";
    long long ns = doctor_number(place, PATH);
    if (ns < 0)
        doctor_add(report, DOCTOR_OK, "", "KVM is not loaded");
    else if (ns == 0)
        doctor_add(report, DOCTOR_OK, "", "off");
    else
        doctor_add(
            report, DOCTOR_OK, "",
            "%lld ns: a waiting vCPU burns the host's CPU to answer sooner; it is recorded with each figure. Off: "
            "echo 0 | %stee %s",
            ns, doctor_sudo(place), PATH);
}

void tuning_ksm(const struct doctor_place *place, struct doctor_report *report)
{
    static const char PATH[] = "/sys/kernel/mm/ksm/run";
    if (doctor_number(place, PATH) == 1)
        doctor_mend(
            doctor_add(report, DOCTOR_WARN, "", "on: merging guests' pages takes CPU that no guest is charged for"),
            "echo 0 | %stee %s", doctor_sudo(place), PATH);
    else
        doctor_add(report, DOCTOR_OK, "", "off");
}
