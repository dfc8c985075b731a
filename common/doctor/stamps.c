/* Whether the kernel stamps clock probes as they leave and arrive: without that a bound is several times
 * as wide. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "doctor/checks.h"

#define PORTS "/sys/class/net"

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* The ports with a device behind them whose driver does not stamp what leaves. */
static void list_silent(const struct doctor_place *place, char *text, size_t size)
{
    char full[PATH_MAX], device[PATH_MAX];
    struct dirent **ports = NULL;
    int count = doctor_path(place, PORTS, full, sizeof full) ? scandir(full, &ports, is_visible, alphasort) : -1;
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        bool leaves = true;
        device[0] = '\0';
        text_append(device, sizeof device, PORTS "/%s/device", ports[i]->d_name);
        if (doctor_has(place, device) && place->tries->port_stamps(ports[i]->d_name, &leaves) == 0 && !leaves)
            text_append(text, size, "%s%s", *text ? ", " : "", ports[i]->d_name);
        free(ports[i]);
    }
    free(ports);
}

void stamps_kernel(const struct doctor_place *place, struct doctor_report *report)
{
    enum stamp_kind kind = STAMP_USER;
    char silent[120];
    int why = place->tries->stamps(&kind);
    if (why != 0)
        doctor_add(report, DOCTOR_WARN, "", "not tried: %s", strerror(why));
    else if (kind == STAMP_USER)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "none: bounds of starts are several times as wide"),
                    "run it under a kernel that has SO_TIMESTAMPING (some sandboxes have not), as Debian's has");
    else if (kind == STAMP_RECEIVED)
        doctor_add(report, DOCTOR_WARN, "", "only of what arrives: bounds of starts are about twice as wide");
    list_silent(place, silent, sizeof silent);
    if (why != 0 || kind != STAMP_BOTH)
        return;
    if (*silent)
        doctor_mend(
            doctor_add(report, DOCTOR_WARN, "",
                       "of what leaves and arrives, but the driver of %s stamps nothing that leaves: bounds are "
                       "about twice as wide there",
                       silent),
            "let the nodes dial tare through another port, or give it a card whose driver does (ethtool -T)");
    else
        doctor_add(report, DOCTOR_OK, "", "of what leaves and of what arrives");
}
