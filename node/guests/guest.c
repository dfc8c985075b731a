#include "guests/keeper_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/console.h"
#include "guests/guest_files.h"
#include "guests/guest_make.h"
#include "guests/room.h"
#include "guests/uplink.h"

enum {
    KVM_BOOT_MS = 15 * 1000,
    TCG_BOOT_MS = 45 * 1000,
};

/* Few words on the console, which is slow; and no way back from a panic. */
static const char COMMAND_LINE[] = "console=ttyS0 quiet panic=-1";

struct guest *guest_find(const struct keeper *k, const char *name)
{
    for (size_t i = 0; i < k->guest_count; i++)
        if (strcmp(k->guests[i]->name, name) == 0)
            return k->guests[i];
    return NULL;
}

/* ---- what is told ---- */

void guest_tell(struct keeper *k, const struct guest *g, enum guest_state state, int64_t within_ms, const char *text)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return; /* the coordinator's deadline tells */
    m->type = MESSAGE_GUEST_STATE;
    m->guest_state = (struct message_guest_state){ .attempt = g->attempt,
                                                   .state = state,
                                                   .within_ns = clock_ms(within_ms),
                                                   .asked_ns = g->asked_ns,
                                                   .defined_ns = g->defined_ns,
                                                   .running_ns = g->running_ns,
                                                   .booted_ns = g->booted_ns,
                                                   .stopped_ns = g->stopped_ns };
    struct message_guest_state *s = &m->guest_state;
    text_copy(s->guest, sizeof s->guest, g->name);
    text_copy(s->text, sizeof s->text, text);
    if (g->is_built_in && g->running_ns != 0)
        text_copy(s->accel, sizeof s->accel, g->kvm ? "kvm" : "tcg");
    text_append(s->product, sizeof s->product, "%s %s", k->facts.product, k->facts.version);
    if (state == GUEST_FAILED || state == GUEST_OFF)
        console_tail(g->console_fd, s->console, sizeof s->console);
    loan_tell(k->loan, s);
    (void)mailbox_put(k->out, m);
    free(m);
}

static void forget(struct keeper *k, struct guest *g)
{
    for (size_t i = 0; i < k->guest_count; i++)
        if (k->guests[i] == g)
            k->guests[i] = k->guests[--k->guest_count];
    guest_files_close(&g->console_fd, &g->disk_fd);
    found_off_forget(&g->found_off); /* its domain is off */
    if (g->files)
        guest_files_forget(g->files);
    free(g->files);
    sodium_memzero(&g->order, sizeof g->order);
    free(g);
}

void guest_fail(struct keeper *k, struct guest *g, const char *why)
{
    g->is_ending = true;
    if (g->is_built_in && g->defined_ns != 0 && k->link)
        (void)!k->provider->stop(k->link, g->domain, true, clock_ms(GUEST_END_MS), NULL);
    g->stopped_ns = clock_raw_ns();
    g->state = GUEST_FAILED;
    guest_tell(k, g, GUEST_FAILED, 0, why);
    forget(k, g);
}

/* ---- a built-in guest ---- */

/* The time that a boot may take: guests that boot side by side share the CPUs. */
static int64_t boot_ms(const struct keeper *k, const struct guest *g)
{
    int64_t booting = 0, cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; i < k->guest_count; i++)
        booting += guest_is_moving(k->guests[i]) ? k->guests[i]->options.vcpus : 0;
    int64_t share = cpus > 0 && booting > cpus ? (booting + cpus - 1) / cpus : 1;
    return (g->kvm ? KVM_BOOT_MS : TCG_BOOT_MS) * share;
}

/* Another name for each launch: what libvirt tells of the last one, late, is not of this one. */
static bool name_domain(struct keeper *k, struct guest *g, struct err *e)
{
    g->domain[0] = '\0';
    return text_append(g->domain, sizeof g->domain, "%s%s-%u", DOMAIN_PREFIX, g->name, ++k->launches) ||
           err_set(e, ERR_USAGE, "the guest's name is too long");
}

/* Files, domain, running. */
static bool launch(struct keeper *k, struct guest *g, struct err *e)
{
    struct guest_files files;
    char bridge[UPLINK_NAME];
    struct domain domain = { .pid = 0 };
    struct stills stills;
    if (!stills_make(k, g, &stills, e) || !name_domain(k, g, e) || !room_check("", &g->options, e) ||
        !uplink_bridge(g->options.bridge, bridge, e) ||
        !guest_files_make(g->options.disk_bytes, k->cancel_fd, &files, e))
        return false;
    bool ok = guest_make_files(k, g, bridge, &files, &stills, e);
    const struct machine machine = { .name = g->domain,
                                     .options = &g->options,
                                     .kvm = g->kvm,
                                     .kernel = files.kernel,
                                     .initrd = files.initrd,
                                     .command_line = COMMAND_LINE,
                                     .console = files.console,
                                     .disk = files.disk,
                                     .bridge = bridge,
                                     .stills = { *stills.root ? stills.root_disk : NULL,
                                                 *stills.tree ? stills.tree_disk : NULL } };
    if (ok) {
        guest_tell(k, g, GUEST_STARTING, GUEST_CREATE_MS, g->accel_why);
        g->defined_ns = clock_raw_ns();
        ok = k->provider->create(k->link, &machine, e);
    }
    if (ok) {
        g->running_ns = clock_raw_ns();
        g->console_fd = files.console_fd;
        g->disk_fd = files.disk_fd;
        files.console_fd = files.disk_fd = -1;
        ok = k->provider->find(k->link, g->domain, &domain, e) || err_wrap(e, "it ended at once");
    }
    if (ok && g->order.purpose == GUEST_START_TO_SAVE && (g->files = malloc(sizeof *g->files)))
        *g->files = files; /* without memory it cannot be saved, and is told */
    else
        guest_files_forget(&files);
    if (!ok)
        return false;
    g->pid = domain.pid;
    g->state = GUEST_RUNNING;
    g->first_look = (struct accel_look){ .mono_ns = 0 };
    const int64_t within_ms = boot_ms(k, g);
    g->boot_deadline_mono = clock_mono_ns() + clock_ms(within_ms);
    guest_tell(k, g, GUEST_RUNNING, within_ms, g->accel_why);
    return true;
}

/* KVM was a try: what is wrong with it is remembered, and the guest emulated. A CPU that was asked for by
 * name says nothing about the host. */
static void fall_back(struct keeper *k, struct guest *g, const char *why)
{
    struct err e = { .text = "" };
    if (!*g->options.cpu || g->running_ns != 0)
        accel_remember(why);
    text_copy(g->accel_why, sizeof g->accel_why, why);
    if (g->running_ns != 0)
        (void)!k->provider->stop(k->link, g->domain, true, clock_ms(GUEST_END_MS), NULL);
    guest_files_close(&g->console_fd, &g->disk_fd);
    if (g->files)
        guest_files_forget(g->files);
    free(g->files);
    g->files = NULL;
    g->kvm = false;
    g->running_ns = 0;
    if (!launch(k, g, &e))
        guest_fail(k, g, e.text);
}

static void begin_built_in(struct keeper *k, struct guest *g)
{
    struct err e = { .text = "" };
    bool runs_as_us = strstr(k->facts.uri, "/system") == NULL;
    switch (g->options.accel) {
    case GUEST_ACCEL_AUTO: g->kvm = accel_may_try_kvm(runs_as_us, g->accel_why); break;
    case GUEST_ACCEL_KVM: g->kvm = true; break;
    default: g->kvm = false; break;
    }
    if (launch(k, g, &e))
        return;
    if (g->kvm && g->options.accel == GUEST_ACCEL_AUTO && g->defined_ns != 0)
        fall_back(k, g, e.text);
    else
        guest_fail(k, g, e.text);
}

/* ---- its life ---- */

bool guest_may_begin(struct keeper *k, const struct message_guest_start *order, struct guest *g, struct err *e)
{
    keeper_connect(k);
    if (!k->link)
        return err_set(e, ERR_USAGE, "%s", k->why);
    if (!text_is_name(order->guest) || k->guest_count == KEEPER_GUESTS_MAX)
        return err_set(e, ERR_USAGE, "not a guest's name, or more than %d guests", KEEPER_GUESTS_MAX);
    if (!g->is_built_in)
        return true;
    if (!(k->rights & RIGHT_GUESTS))
        return err_set(e, ERR_USAGE, "this agent may not start guests: start it with --allow guests");
    if (!schema_unpack(&GUEST_SCHEMA, order->options, &g->options, e))
        return false;
    if (*g->options.extra_xml && !(k->rights & RIGHT_EXTRA_XML))
        return err_set(e, ERR_USAGE, "this agent takes no extra_xml: start it with --allow extra-xml");
    return true;
}

void guest_begin(struct keeper *k, const struct message_guest_start *order)
{
    struct err e = { .text = "" };
    struct guest *g = guest_find(k, order->guest);
    if (g)
        guest_end(k, g);
    g = calloc(1, sizeof *g);
    if (!g)
        return; /* the coordinator's deadline tells */
    *g = (struct guest){ .attempt = order->attempt,
                         .is_built_in = order->domain[0] == '\0',
                         .order = *order,
                         .asked_ns = clock_raw_ns(),
                         .console_fd = -1,
                         .disk_fd = -1,
                         .found_off = { .lock_fd = -1 } };
    text_copy(g->name, sizeof g->name, order->guest);
    text_copy(g->domain, sizeof g->domain, order->domain);
    if (!k->link) /* what QEMU can do is looked up, which takes seconds the first time */
        guest_tell(k, g, GUEST_PREPARING, GUEST_CREATE_MS, "");
    if (!guest_may_begin(k, order, g, &e)) {
        guest_fail(k, g, e.text);
        return;
    }
    k->guests[k->guest_count++] = g;
    if (g->is_built_in)
        begin_built_in(k, g);
    else
        existing_begin(k, g);
}

static bool end_built_in(struct keeper *k, const struct guest *g, struct err *e)
{
    return k->link ? k->provider->stop(k->link, g->domain, true, clock_ms(GUEST_END_MS / 2), e)
                   : err_set(e, ERR_PARTIAL, "%s", k->why);
}

void guest_end(struct keeper *k, struct guest *g)
{
    struct err e = { .text = "" };
    bool ok = true;
    const int64_t from_ns = clock_raw_ns();
    g->is_ending = true;
    if (g->is_built_in || g->was_off) {
        guest_tell(k, g, GUEST_ENDING, g->is_built_in ? GUEST_END_MS : EXISTING_STOP_MS, "");
        ok = g->is_built_in ? end_built_in(k, g, &e) : existing_put_back(k, g, &e);
    }
    if (!ok)
        found_off_leave(&g->found_off);
    g->stopped_ns = clock_raw_ns();
    guest_tell_deed(k, g, LOAN_STOP, from_ns, ok ? NULL : &e);
    guest_tell(k, g, ok ? GUEST_OFF : GUEST_FAILED, 0, ok ? (g->is_built_in ? "ended" : "as it was found") : e.text);
    forget(k, g);
}

bool guest_is_moving(const struct guest *g) { return g->state == GUEST_RUNNING && g->is_built_in; }

/* KVM that does not work shows by what the vCPUs do. */
static bool is_spinning(struct guest *g)
{
    struct threads_use use;
    if (!threads_read(g->pid, &use, NULL))
        return false;
    const struct accel_look now = { clock_mono_ns(), use.vcpu_user_ns, use.vcpu_sys_ns };
    if (g->first_look.mono_ns == 0)
        g->first_look = now;
    return accel_is_spinning(&g->first_look, &now);
}

void guest_look(struct keeper *k, struct guest *g)
{
    char why[ACCEL_WHY + 64] = "";
    if (console_says_up(g->console_fd)) {
        g->booted_ns = clock_raw_ns();
        g->state = GUEST_BOOTED;
        guest_tell(k, g, GUEST_BOOTED, 0, g->accel_why);
        return;
    }
    bool is_late = clock_mono_ns() >= g->boot_deadline_mono;
    if (g->kvm && is_spinning(g))
        text_append(why, sizeof why, "its vCPU spins in the host's kernel and never runs the guest");
    else if (is_late)
        text_append(why, sizeof why, "it has not booted within %" PRId64 " s", boot_ms(k, g) / 1000);
    if (!*why)
        return;
    if (g->kvm && g->options.accel == GUEST_ACCEL_AUTO) {
        char kvm[ACCEL_WHY] = "";
        text_append(kvm, sizeof kvm, "a guest was tried: %s", why);
        fall_back(k, g, kvm);
    } else {
        guest_fail(k, g, why);
    }
}

void guest_event(struct keeper *k, struct guest *g, enum domain_state state, const char *how)
{
    char text[160] = "";
    const bool is_off = state == DOMAIN_OFF || state == DOMAIN_CRASHED;
    if (g->is_ending || (g->is_held && (!is_off || g->files))) /* it is as was asked for */
        return;
    text_append(text, sizeof text, "its domain %s", how);
    switch (state) {
    case DOMAIN_PAUSED:
        g->state = GUEST_PAUSED;
        guest_tell(k, g, GUEST_PAUSED, 0, text);
        break;
    case DOMAIN_RUNNING:
        if (g->state == GUEST_PAUSED) {
            g->state = GUEST_BOOTED;
            guest_tell(k, g, GUEST_BOOTED, 0, text);
        }
        break;
    case DOMAIN_OFF:
    case DOMAIN_CRASHED:
        if (guest_is_moving(g) && g->kvm && g->options.accel == GUEST_ACCEL_AUTO) {
            fall_back(k, g, text);
            break;
        }
        g->state = GUEST_OFF;
        g->stopped_ns = clock_raw_ns();
        guest_tell(k, g, GUEST_OFF, 0, text);
        forget(k, g);
        break;
    case DOMAIN_CHANGING:
    case DOMAIN_STATE_COUNT: break;
    }
}
