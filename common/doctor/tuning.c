/* Settings of the kernel that guests feel. What is as every distribution has it is no fault: it is told. */
#include <stdio.h>

#include "base/meminfo.h"
#include "doctor/checks.h"

void tuning_huge_pages(const struct doctor_place *place, struct doctor_report *report)
{
    enum { MIB = 1024 * 1024 };
    long long count = doctor_number(place, "/proc/sys/vm/nr_hugepages");
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
    long long unused = meminfo_read(place->root, "HugePages_Free"), size = meminfo_read(place->root, "Hugepagesize");
    if (unused < 0 || size < 0)
        unused = size = 0;
    doctor_add(report, DOCTOR_OK, "", "%lld of %lld are free: %lld MiB for guests with `huge_pages`", unused, count,
               unused * size / MIB);
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
