/* The ports of this machine: one that fell back to half duplex is the classic fault of a 10/100
 * switch, and nothing else that is measured through it means anything. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"
#include "base/text.h"
#include "doctor/checks.h"

#define PORTS "/sys/class/net"

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static long long counter(const struct doctor_place *place, const char *port, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, PORTS "/%s/statistics/%s", port, name);
    return doctor_number(place, path);
}

/* "3 rx_crc_errors, 1 collisions": those that are not 0. */
static void tell_errors(const struct doctor_place *place, const char *port, char *text, size_t size)
{
    static const char *const NAMES[] = { "rx_errors", "tx_errors", "rx_crc_errors", "collisions" };
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
        long long count = counter(place, port, NAMES[i]);
        if (count > 0)
            text_append(text, size, "%s%lld %s", *text ? ", " : "", count, NAMES[i]);
    }
}

static void look_at(const struct doctor_place *place, const char *port, struct doctor_report *report)
{
    char path[PATH_MAX], state[16], duplex[16], speed[32] = "speed not told", errors[128];
    snprintf(path, sizeof path, PORTS "/%s/operstate", port);
    if (small_file_read(place->root, path, state, sizeof state) && strcmp(state, "down") == 0) {
        doctor_add(report, DOCTOR_OK, port, "down");
        return;
    }
    snprintf(path, sizeof path, PORTS "/%s/duplex", port);
    if (!small_file_read(place->root, path, duplex, sizeof duplex))
        snprintf(duplex, sizeof duplex, "unknown");
    snprintf(path, sizeof path, PORTS "/%s/speed", port);
    long long mbit = doctor_number(place, path);
    if (mbit > 0 && mbit < UINT32_MAX) /* -1 where the driver does not know, also as 32 bits */
        snprintf(speed, sizeof speed, "%lld Mbit/s", mbit);
    tell_errors(place, port, errors, sizeof errors);
    if (strcmp(duplex, "half") == 0)
        doctor_mend(
            doctor_add(report, DOCTOR_FAIL, port, "half duplex at %s%s%s: every figure through it is of collisions",
                       speed, *errors ? ", " : "", errors),
            "set the switch's port to autonegotiation, then: %sethtool -s %s autoneg on", doctor_sudo(place), port);
    else if (*errors)
        doctor_mend(doctor_add(report, DOCTOR_WARN, port, "%s, %s duplex, since it came up: %s", speed, duplex, errors),
                    "%sethtool -S %s   # growing? another cable, or one end is fixed to a duplex", doctor_sudo(place),
                    port);
    else
        doctor_add(report, DOCTOR_OK, port, "%s, %s, no errors", speed,
                   strcmp(duplex, "full") == 0 ? "full duplex" : "duplex not told");
}

void links_look(const struct doctor_place *place, struct doctor_report *report)
{
    char full[PATH_MAX], device[PATH_MAX];
    struct dirent **ports = NULL;
    int count = doctor_path(place, PORTS, full, sizeof full) ? scandir(full, &ports, is_visible, alphasort) : -1;
    int looked = 0;
    for (int i = 0; i < count; i++) {
        snprintf(device, sizeof device, PORTS "/%s/device", ports[i]->d_name); /* bridges, taps and lo have none */
        if (doctor_has(place, device)) {
            look_at(place, ports[i]->d_name, report);
            looked++;
        }
        free(ports[i]);
    }
    free(ports);
    if (looked == 0)
        doctor_add(report, DOCTOR_OK, "", "no physical port here");
}
