#include "service.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "base/words.h"
#include "catalogue/guest.h"
#include "guests/image.h"
#include "guests/root.h"

enum option_of_guests { OPT_ALLOW, OPT_LIBVIRT, OPT_PREPARE, OPT_PREPARE_BUILDS };

#define RIGHT_WORD(name, word, doc) "|" word
#define RIGHT_DOC(name, word, doc) " " word " (" doc ")"
static const char RIGHT_WORDS[] = KEEPER_RIGHTS(RIGHT_WORD);

/* clang-format off */
static const struct command_option OPTIONS[] = {
    [OPT_ALLOW] = { .name = "allow", .kind = ARGUMENT_WORD, .argument = RIGHT_WORDS + 1, .is_repeatable = true,
                    .doc = "what the coordinator may have done here beyond measuring:" KEEPER_RIGHTS(RIGHT_DOC) },
    [OPT_LIBVIRT] = { .name = "libvirt", .kind = ARGUMENT_TEXT, .argument = "URI",
                      .doc = "where this host's virtual machines are; default qemu:///system, then qemu:///session" },
    [OPT_PREPARE] = { .name = "prepare-guests",
                      .doc = "make the image of built-in guests, fetch a kernel for it where there is none, and end" },
    [OPT_PREPARE_BUILDS] = { .name = "prepare-builds",
                             .doc = "make, by mmdebstrap, the system that guests with a compiler build in, too, and end" },
};
/* clang-format on */

static bool take(void *state, int option, const char *value, struct err *e)
{
    struct guests_service *g = state;
    (void)e;
    switch ((enum option_of_guests)option) {
    case OPT_ALLOW: g->rights |= 1U << words_index(RIGHT_WORDS + 1, value); break;
    case OPT_LIBVIRT: g->libvirt = value; break;
    case OPT_PREPARE: g->prepares = true; break;
    case OPT_PREPARE_BUILDS: g->prepares = g->prepares_builds = true; break;
    }
    return true;
}

static void tell_user(void *context, const char *what)
{
    (void)context;
    log_info("%s", what);
}

static bool prepare(bool with_builds, struct err *e)
{
    struct image image;
    struct libraries *libraries = malloc(sizeof *libraries);
    struct guest_options usual;
    schema_defaults(&GUEST_SCHEMA, &usual);
    const struct image_order order = { .libraries = libraries,
                                       .agent = "/proc/self/exe",
                                       .nic = guest_nic_name(&usual),
                                       .cancel_fd = -1,
                                       .tell = tell_user };
    bool ok = (libraries || err_set(e, ERR_INTERNAL, "out of memory")) && libraries_of_this_program(libraries, e) &&
              image_make(&order, &image, e);
    struct root_tree root;
    ok = ok && (!with_builds || root_make(&(struct root_order){ .cancel_fd = -1, .tell = tell_user }, &root, e));
    free(libraries);
    return ok;
}

static int instead(void *state)
{
    const struct guests_service *g = state;
    struct err e = { 0 };
    if (!g->prepares)
        return -1;
    if (prepare(g->prepares_builds, &e))
        return 0;
    log_error("%s", e.text);
    return (int)e.exit;
}

static bool is_wanted(void *state)
{
    (void)state; /* to see its virtual machines no right is needed */
    return true;
}

static bool start(void *state, const char *endpoint, struct err *e)
{
    struct guests_service *g = state;
    const struct keeper_options options = { .rights = g->rights, .libvirt = g->libvirt, .endpoint = endpoint };
    return keeper_open(&options, &g->keeper, e);
}

static bool allows(void *state, const char *right)
{
    const struct guests_service *g = state;
    int index = words_index(RIGHT_WORDS + 1, right);
    return index >= 0 && (g->rights & 1U << index);
}

static void stop(void *state)
{
    struct guests_service *g = state;
    keeper_close(&g->keeper);
}

static void greet(void *state) { keeper_greet(((struct guests_service *)state)->keeper); }
static void leave(void *state) { keeper_leave(((struct guests_service *)state)->keeper); }
static int fd_of(void *state) { return keeper_fd(((struct guests_service *)state)->keeper); }

static bool hear(void *state, const struct message *m)
{
    return keeper_hear(((struct guests_service *)state)->keeper, m);
}
static bool next(void *state, struct message *m) { return keeper_next(((struct guests_service *)state)->keeper, m); }

struct agent_service guests_service(struct guests_service *guests)
{
    return (struct agent_service){ .options = OPTIONS,
                                   .option_count = ARRAY_SIZE(OPTIONS),
                                   .take = take,
                                   .instead = instead,
                                   .is_wanted = is_wanted,
                                   .start = start,
                                   .allows = allows,
                                   .stop = stop,
                                   .greet = greet,
                                   .leave = leave,
                                   .hear = hear,
                                   .fd = fd_of,
                                   .next = next,
                                   .state = guests };
}
