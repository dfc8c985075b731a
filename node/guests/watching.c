#include "guests/keeper_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/small_file.h"
#include "base/text.h"
#include "guests/disks.h"

/* How many were running or ready here in the last minute, times 1000 (proc(5)'s loadavg). */
static uint32_t read_load(void)
{
    char text[128];
    double load = small_file_read("", "/proc/loadavg", text, sizeof text) ? strtod(text, NULL) : 0;
    return load > 0 && load < 1e6 ? (uint32_t)(load * 1e3) : 0;
}

/* Where the guests' devices stand, and the port by which the first one's bridge leads out. `looks`: one a guest. */
static void look_at_taps(const struct keeper *k, struct tap_look *looks, struct tap_look *uplink)
{
    char name[IFNAMSIZ];
    struct netdevs *devs = malloc(sizeof *devs);
    bool knows = devs && k->guest_count > 0 && netdevs_read(devs, NULL);
    *uplink = (struct tap_look){ .name = "" };
    for (size_t i = 0; i < k->guest_count; i++) {
        looks[i] = (struct tap_look){ .name = "" };
        if (!knows || !tap_of("", k->guests[i]->pid, name))
            continue;
        looks[i] = tap_look_at(devs, name);
        if (!*uplink->name)
            *uplink = tap_uplink(devs, name);
    }
    free(devs);
}

/* What the vCPUs do around the start. One that cannot be watched has no witness, which the archive shows. */
static void begin_vigil(struct keeper *k, int64_t at_ns)
{
    pid_t pids[KEEPER_GUESTS_MAX];
    for (size_t i = 0; i < k->guest_count; i++)
        pids[i] = k->guests[i]->pid;
    vigil_destroy(&k->watch.vigil);
    (void)!vigil_begin(pids, k->guest_count, at_ns, &k->watch.vigil, NULL);
}

/* The libraries' counters first, which take milliseconds; the exact ones next to the machine's. */
void watching_begin(struct keeper *k, uint32_t number, int64_t at_ns)
{
    struct watch *w = &k->watch;
    struct tap_look *looks = calloc(KEEPER_GUESTS_MAX, sizeof *looks);
    if (at_ns != 0)
        begin_vigil(k, at_ns);
    else if (w->number != number)
        vigil_destroy(&w->vigil);
    if (!w->is_on || w->number != number)
        w->load_milli = read_load();
    for (size_t i = 0; i < k->guest_count; i++) {
        struct guest *g = k->guests[i];
        g->statistics_before = (struct domain_statistics){ .exits = -1, .halt_poll_ns = -1 };
        if (k->link)
            (void)!k->provider->statistics(k->link, g->domain, false, &g->statistics_before, NULL);
        if (!guest_memory_read("", g->pid, &g->memory_before))
            g->memory_before = (struct guest_memory){ -1, -1 };
        g->group_before = domain_group_find("", g->pid, &g->group) ? 0 : -1;
    }
    for (size_t i = 0; i < k->guest_count; i++) {
        struct guest *g = k->guests[i];
        g->is_watched = threads_read(g->pid, &g->threads_before, NULL);
        if (g->group_before == 0)
            g->group_before = domain_group_used_ns(&g->group);
    }
    if (looks)
        look_at_taps(k, looks, &w->uplink_before);
    for (size_t i = 0; i < k->guest_count; i++)
        k->guests[i]->tap_before = looks ? looks[i] : (struct tap_look){ .name = "" };
    free(looks);
    w->number = number;
    w->is_on = cpu_machine(&w->before, NULL);
    w->begun_raw = clock_raw_ns();
    w->tick_mono = clock_mono_ns() + clock_ms(WATCHING_TICK_MS);
}

static void post(struct keeper *k, const struct message_watched *watched)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return;
    m->type = MESSAGE_WATCHED;
    m->watched = *watched;
    (void)mailbox_put(k->out, m);
    free(m);
}

/* What is not told stays at -1. */
static int64_t difference(int64_t from, int64_t to) { return from >= 0 && to >= from ? to - from : -1; }

/* What a device carried meanwhile, and what is shaped there now; the fields stay as they are where it is another. */
static void tell_device(const struct tap_look *before, const struct tap_look *after, struct message_watched *m)
{
    m->sent = m->received = -1;
    if (!*after->name || strcmp(before->name, after->name) != 0)
        return;
    text_copy(m->tap, sizeof m->tap, after->name);
    m->sent = difference(before->sent, after->sent);
    m->received = difference(before->received, after->received);
    m->shaped_bit_s = after->shaper.bits_per_s;
    m->shaped_overhead = after->shaper.overhead > 0 ? (uint32_t)after->shaper.overhead : 0;
}

/* What a guest was seen to use at the end. */
struct seen {
    struct threads_use threads;
    int64_t group_ns; /* of its group; -1: not told */
};

static void post_guest(struct keeper *k, struct guest *g, const struct seen *seen, const struct tap_look *tap,
                       int64_t wall_ns)
{
    const struct threads_use *after = &seen->threads;
    const struct threads_use *before = &g->threads_before;
    struct domain_statistics statistics = { .exits = -1, .halt_poll_ns = -1 };
    struct guest_memory memory = { -1, -1 };
    if (k->link)
        (void)!k->provider->statistics(k->link, g->domain, false, &statistics, NULL);
    if (!guest_memory_read("", g->pid, &memory))
        memory = (struct guest_memory){ -1, -1 };
    const struct vigil_seen around =
        k->watch.vigil ? vigil_seen(k->watch.vigil, g->pid) : (struct vigil_seen){ .vcpus = 0 };
    /* Its group has what the process' own clock has not: helpers, workers of the kernel. One that has less does not
     * hold all of it. */
    const int64_t of_threads = after->total_ns - before->total_ns;
    const int64_t of_group = difference(g->group_before, seen->group_ns);
    const int64_t used = of_group >= of_threads ? of_group : of_threads, vcpu = after->vcpu_ns - before->vcpu_ns;
    const int64_t vhost = after->vhost_ns - before->vhost_ns;
    struct message_watched m = {
        .watch = k->watch.number,
        .cpus = (uint32_t)after->vcpus,
        .wall_ns = wall_ns,
        .used_ns = used,
        .user_ns = after->user_ns - before->user_ns,
        .sys_ns = after->sys_ns - before->sys_ns,
        .vcpu_ns = vcpu,
        .vhost_ns = vhost,
        .emulator_ns = used - vcpu - vhost,
        .wait_ns = after->vcpu_wait_ns - before->vcpu_wait_ns,
        .exits = difference(g->statistics_before.exits, statistics.exits),
        .halt_poll_ns = g->kvm ? difference(g->statistics_before.halt_poll_ns, statistics.halt_poll_ns) : -1,
        .memory_bytes = memory.bytes,
        .touched_bytes = difference(g->memory_before.resident, memory.resident),
        .around_vcpus = (uint32_t)around.vcpus,
        .around_from_ns = around.from_ns,
        .around_to_ns = around.to_ns,
        .around_run_ns = around.run_ns,
        .around_wait_ns = around.wait_ns,
        .around_worst_ns = around.worst_ns,
        .strays = k->enclosure.pid == g->pid ? enclosure_strays(&k->enclosure) : -1,
    };
    text_copy(m.guest, sizeof m.guest, g->name);
    if (of_group >= of_threads)
        text_copy(m.group, sizeof m.group, g->group.name);
    disks_tell(k, g, m.disks, sizeof m.disks);
    tell_device(&g->tap_before, tap, &m);
    post(k, &m);
}

/* Running domains that are none of the guests: what they do disturbs. */
static uint32_t count_others(const struct keeper *k)
{
    uint32_t others = 0;
    size_t count = 0;
    struct domain *domains = calloc(DOMAINS_MAX, sizeof *domains);
    if (!domains || !k->link || !k->provider->domains(k->link, domains, DOMAINS_MAX, &count, NULL))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_guest = false;
        for (size_t g = 0; g < k->guest_count; g++)
            is_guest |= strcmp(k->guests[g]->domain, domains[i].name) == 0;
        others += domains[i].state == DOMAIN_RUNNING && !is_guest;
    }
    free(domains);
    return others;
}

void watching_end(struct keeper *k, uint32_t number)
{
    struct watch *w = &k->watch;
    struct cpu_times *after = malloc(sizeof *after);
    struct seen *seen = calloc(KEEPER_GUESTS_MAX, sizeof *seen);
    struct cpu_used used;
    struct tap_look *taps = calloc(KEEPER_GUESTS_MAX, sizeof *taps), uplink = { .name = "" };
    struct message_watched m = { .watch = number,
                                 .wall_ns = -1,
                                 .exits = -1,
                                 .halt_poll_ns = -1,
                                 .sent = -1,
                                 .received = -1,
                                 .memory_bytes = -1,
                                 .touched_bytes = -1,
                                 .strays = -1 };
    bool ok = w->is_on && w->number == number && after && seen && taps && cpu_machine(after, NULL);
    const int64_t wall = clock_raw_ns() - w->begun_raw;
    for (size_t i = 0; ok && i < k->guest_count; i++) {
        struct guest *g = k->guests[i];
        g->is_watched = g->is_watched && threads_read(g->pid, &seen[i].threads, NULL);
        seen[i].group_ns = g->group_before >= 0 ? domain_group_used_ns(&g->group) : -1;
    }
    if (ok)
        look_at_taps(k, taps, &uplink);
    if (w->vigil)
        vigil_end(w->vigil);
    for (size_t i = 0; ok && i < k->guest_count; i++)
        if (k->guests[i]->is_watched)
            post_guest(k, k->guests[i], &seen[i], &taps[i], wall);
    if (ok && cpu_difference(&w->before, after, &used, NULL)) {
        m.cpus = (uint32_t)used.cpus;
        m.wall_ns = used.wall_ns;
        m.used_ns = used.used_ns;
        m.user_ns = used.user_ns;
        m.sys_ns = used.system_ns;
        m.iowait_ns = used.iowait_ns;
        m.steal_ns = used.steal_ns;
        m.others = count_others(k);
        m.load_milli = w->load_milli;
        tell_device(&w->uplink_before, &uplink, &m);
    }
    post(k, &m);
    w->is_on = false;
    vigil_destroy(&w->vigil);
    free(taps);
    free(seen);
    free(after);
}

static void post_series(struct keeper *k, const struct guest *g, const struct domain_statistics *s)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return;
    m->type = MESSAGE_WATCHING;
    m->watching = (struct message_watching){ .watch = k->watch.number,
                                             .is_running = s->state == DOMAIN_RUNNING,
                                             .raw_ns = clock_raw_ns(),
                                             .cpu_ns = s->cpu_ns };
    text_copy(m->watching.guest, sizeof m->watching.guest, g->name);
    (void)mailbox_put(k->out, m);
    free(m);
}

void watching_tick(struct keeper *k)
{
    struct watch *w = &k->watch;
    w->tick_mono += clock_ms(WATCHING_TICK_MS);
    if (w->tick_mono < clock_mono_ns()) /* no burst after a time in which we were kept from running */
        w->tick_mono = clock_mono_ns() + clock_ms(WATCHING_TICK_MS);
    for (size_t i = k->guest_count; k->link && i-- > 0;) { /* from behind: one that has ended goes */
        struct domain_statistics s;
        struct guest *g = k->guests[i];
        if (!k->provider->statistics(k->link, g->domain, true, &s, NULL))
            continue;
        post_series(k, g, &s);
        bool is_changed = s.state != DOMAIN_RUNNING && g->state == GUEST_BOOTED;
        g->changed_ticks = is_changed ? g->changed_ticks + 1 : 0;
        if (g->changed_ticks >= WATCHING_EVENT_TICKS)
            guest_event(k, g, s.state, s.state == DOMAIN_PAUSED ? "was paused" : "has ended");
    }
}
