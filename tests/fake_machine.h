/* fake_machine.h - a machine made of files, and a kernel that answers what it is told to, for the
 * tests of the doctor. Include it behind cmocka.h.
 */
#ifndef TARE_TEST_FAKE_MACHINE_H
#define TARE_TEST_FAKE_MACHINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/show.h"
#include "put_file.h"

static char root[64], cache[80]; /* the machine's, and the user's on it */

static void path_of(const char *path, char *full, size_t size) { put_path(root, path, full, size); }
static void put(const char *path, const char *text) { put_file(root, path, text); }

__attribute__((unused)) static void put_link(const char *path, const char *target)
{
    char full[512];
    path_of(path, full, sizeof full);
    assert_int_equal(symlink(target, full), 0);
}

__attribute__((unused)) static void set_mode(const char *path, mode_t mode)
{
    char full[512];
    path_of(path, full, sizeof full);
    assert_int_equal(chmod(full, mode), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static int make_root(void **unused)
{
    (void)unused;
    text_copy(root, sizeof root, "/tmp/tare-doctor-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(cache, sizeof cache, "%s/cache", root);
    return 0;
}

static int remove_root(void **unused)
{
    (void)unused;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- a kernel that says what it is told to ---- */

static int said; /* what every try answers */
static int64_t said_late;
static uint64_t said_descriptors;

static int bind_port(int socket_type, unsigned port) { return (void)socket_type, (void)port, said; }
static int reach(const char *host, const char *port) { return (void)port, strchr(host, '[') ? EINVAL : said; }
static int number(int priority) { return (void)priority, said; }
static int nothing(void) { return said; }
static int name(const char *path) { return (void)path, said; }
static int late(int64_t *ns) { return *ns = said_late, said; }
static enum stamp_kind said_stamps;
static bool said_leaves;
static int stamps(enum stamp_kind *kind) { return *kind = said_stamps, said; }
static int port_stamps(const char *port, bool *leaves) { return (void)port, *leaves = said_leaves, said; }
static int descriptors(uint64_t *soft) { return *soft = said_descriptors, said; }

static const struct doctor_tries TRIES = { .bind_port = bind_port,
                                           .udp_echo = nothing,
                                           .reach = reach,
                                           .fifo = number,
                                           .late = late,
                                           .user_namespace = nothing,
                                           .open_device = name,
                                           .connect_socket = name,
                                           .shape = name,
                                           .descriptors = descriptors,
                                           .stamps = stamps,
                                           .port_stamps = port_stamps };

static struct doctor_place place_of(enum doctor_who who)
{
    return (struct doctor_place){ .root = root,
                                  .tries = &TRIES,
                                  .who = who,
                                  .uid = getuid(),
                                  .port = 5670,
                                  .keys = "/k",
                                  .invite = "",
                                  .endpoint = "",
                                  .bad_invite = "",
                                  .path = "/opt/bin",
                                  .cache = cache };
}

static struct doctor_report report;

/* The finding of one check alone, as a machine of kind `place` gets it; the first with `subject`. */
static const struct doctor_finding *look(const struct doctor_place *place, const char *id, const char *subject)
{
    doctor_examine(place, &report);
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.findings[i].check->id, id) == 0 && strcmp(report.findings[i].subject, subject) == 0)
            return &report.findings[i];
    return NULL;
}

/* The check gives this verdict and speaks of `text`; its remedy of `remedy`, "": there is none. */
__attribute__((unused)) static void is(const struct doctor_place *place, const char *id, enum doctor_verdict verdict,
                                       const char *text, const char *remedy)
{
    const struct doctor_finding *f = look(place, id, "");
    if (!f) {
        fail_msg("%s says nothing", id);
        return; /* analyzers do not know that the test ended above */
    }
    if (f->verdict != verdict || !strstr(f->text, text) || !strstr(f->remedy, remedy) || (*f->remedy && !*remedy))
        fail_msg("%s: %s '%s' -> '%s', expected %s '%s' -> '%s'", id, doctor_verdict_word(f->verdict), f->text,
                 f->remedy, doctor_verdict_word(verdict), text, remedy);
}

static void kernel(int answer)
{
    said = answer;
    said_late = 50 * 1000;
    said_descriptors = 4096;
    said_stamps = STAMP_BOTH;
    said_leaves = true;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

#endif
