/* The files that let one be somebody: their modes are what keeps them secret. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor/checks.h"

/* True when all is well with `path`, else with a finding added. */
static bool is_secret(const struct doctor_place *place, const char *path, const struct stat *status,
                      struct doctor_report *report)
{
    unsigned right = S_ISDIR(status->st_mode) ? 0700 : 0600;
    if (status->st_mode & 077)
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%.100s: mode %04o lets others at the keys", path,
                               status->st_mode & 07777),
                    "chmod %o '%s'", right, path);
    else if (status->st_uid != place->uid)
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%.100s belongs to uid %u", path, status->st_uid),
                    "sudo chown %u '%s'", place->uid, path);
    else
        return true;
    return false;
}

void keys_coordinator(const struct doctor_place *place, struct doctor_report *report)
{
    char full[PATH_MAX], path[PATH_MAX];
    struct stat status;
    if (!*place->keys) {
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "neither XDG_CONFIG_HOME nor HOME says where the keys are"),
                    "export HOME=...");
        return;
    }
    if (!doctor_path(place, place->keys, full, sizeof full) || stat(full, &status) != 0) {
        if (errno == ENOENT)
            doctor_add(report, DOCTOR_OK, "", "none yet; the first run makes %.100s", place->keys);
        else
            doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%.100s: %s", place->keys, strerror(errno)),
                        "export HOME=...   # it or XDG_CONFIG_HOME names a place that is not yours");
        return;
    }
    bool ok = is_secret(place, place->keys, &status, report);
    struct dirent **files = NULL;
    int count = scandir(full, &files, NULL, alphasort), secrets = 0;
    for (int i = 0; i < count; i++) {
        bool fits = snprintf(path, sizeof path, "%s/%s", place->keys, files[i]->d_name) < (int)sizeof path;
        free(files[i]);
        if (!fits || !doctor_path(place, path, full, sizeof full) || lstat(full, &status) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        secrets++;
        ok = is_secret(place, path, &status, report) && ok;
    }
    free(files);
    if (ok)
        doctor_add(report, DOCTOR_OK, "", "%.100s: %d file%s, open to nobody else", place->keys, secrets,
                   secrets == 1 ? "" : "s");
}

void keys_invite(const struct doctor_place *place, struct doctor_report *report)
{
    char full[PATH_MAX];
    struct stat status;
    if (!*place->invite)
        doctor_add(report, DOCTOR_OK, "", "not looked at; name one: --doctor --invite FILE");
    else if (strcmp(place->invite, "-") != 0 &&
             (!doctor_path(place, place->invite, full, sizeof full) || stat(full, &status) != 0))
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%.100s: %s", place->invite, strerror(errno)),
                    "tare invite NAME   # on the coordinator; it writes the file for this machine");
    else if (*place->bad_invite)
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%.190s", place->bad_invite),
                    strstr(place->bad_invite, "lets others") ? "chmod 600 '%s'"
                                                             : "ask the coordinator for a new one in place of '%s'",
                    place->invite);
    else
        doctor_add(report, DOCTOR_OK, "", "%.100s: for %.80s", place->invite, place->endpoint);
}
