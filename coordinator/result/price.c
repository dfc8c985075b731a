#include "price.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

static bool add_cost(struct trial *trial, const char *node, const struct cost *cost)
{
    struct cost *row = trial_add_cost(trial);
    if (!row)
        return false;
    *row = *cost;
    text_copy(row->node, sizeof row->node, node);
    return true;
}

/* What the machine uses by itself in so much time; -1 where that was not measured. */
static int64_t idle_of(int64_t idle_rate, int64_t wall_ns)
{
    return idle_rate >= 0 ? (int64_t)((double)idle_rate * (double)wall_ns / 1e9) : -1;
}

static struct cost *cost_of(struct trial *trial, const char *node, enum cost_scope scope)
{
    for (size_t i = 0; i < trial->cost_count; i++)
        if (trial->costs[i].scope == scope && strcmp(trial->costs[i].node, node) == 0)
            return &trial->costs[i];
    return NULL;
}

/* A host that took no part itself, but watched; one that took part has told its own use. */
static bool add_watching_host(const struct raw_watched *w, struct trial *trial)
{
    const struct message_watched *u = &w->use;
    struct cost *told = cost_of(trial, w->host, COST_MACHINE);
    if (told) {
        told->idle_baseline_ns = idle_of(w->idle_rate, told->wall_ns);
        return true;
    }
    return u->wall_ns <= 0 || add_cost(trial, w->host,
                                       &(struct cost){ .scope = COST_MACHINE,
                                                       .wall_ns = u->wall_ns,
                                                       .cpus = (int)u->cpus,
                                                       .used_ns = u->used_ns,
                                                       .user_ns = u->user_ns,
                                                       .sys_ns = u->sys_ns,
                                                       .iowait_ns = u->iowait_ns,
                                                       .steal_ns = u->steal_ns,
                                                       .idle_baseline_ns = idle_of(w->idle_rate, u->wall_ns) });
}

static bool add_on_path(struct stream *s, const char *name, const char *unit, double value, const char *host,
                        const char *device)
{
    if (!stream_add_figure(s, name, unit, value, WINDOW_WHOLE, FIGURE_ON_OWN))
        return false;
    struct figure *figure = &s->figures[s->figure_count - 1];
    figure->path[0] = '\0';
    return text_append(figure->path, sizeof figure->path, "%s%s%s", host, *device ? " " : "", device);
}

/* Beside what: the device that leads to the guest, and what else its host had to do. */
static bool add_surroundings(const struct raw_trial *raw, const struct message_watched *u, const char *host,
                             struct stream *s)
{
    const struct message_watched *m = NULL;
    bool ok = true;
    for (size_t i = 0; i < raw->watched_count; i++)
        if (!*raw->watched[i].use.guest && strcmp(raw->watched[i].host, host) == 0)
            m = &raw->watched[i].use;
    if (*u->tap && u->sent >= 0)
        ok = add_on_path(s, "tap_sent", "B", (double)u->sent, host, u->tap) &&
             add_on_path(s, "tap_received", "B", (double)u->received, host, u->tap) &&
             (u->shaped_bit_s <= 0 || (add_on_path(s, "tap_shaped", "bit/s", (double)u->shaped_bit_s, host, u->tap) &&
                                       add_on_path(s, "tap_overhead", "B", (double)u->shaped_overhead, host, u->tap)));
    if (ok && m && *m->tap && m->sent >= 0)
        ok = add_on_path(s, "uplink_sent", "B", (double)m->sent, host, m->tap) &&
             add_on_path(s, "uplink_received", "B", (double)m->received, host, m->tap);
    return ok && (!m || m->wall_ns <= 0 ||
                  (add_on_path(s, "host_load", "1", (double)m->load_milli / 1e3, host, "") &&
                   add_on_path(s, "host_domains", "1", (double)m->others, host, "")));
}

/* All that its host's CPUs did for it, and by what that was told. */
static bool add_domain_cpu(const struct message_watched *u, const char *host, struct stream *s)
{
    char group[sizeof u->group + 8] = "process";
    if (*u->group)
        snprintf(group, sizeof group, "cgroup %s", u->group);
    text_disarm(group);
    return u->used_ns < 0 || add_on_path(s, "domain_cpu", "s", (double)u->used_ns / CLOCK_NS_PER_S, host, group);
}

/* What the host's kernel did for the guest, on the guest's own streams. */
static bool add_guest_figures(const struct raw_trial *raw, const struct raw_watched *w, struct trial *trial)
{
    const struct message_watched *u = &w->use;
    bool ok = true;
    for (size_t i = 0; ok && i < trial->stream_count; i++) {
        struct stream *s = &trial->streams[i];
        if (s->role != STREAM_LOAD || strcmp(s->node, u->guest) != 0)
            continue;
        ok = (u->exits < 0 || stream_add_figure(s, "vm_exits", "1", (double)u->exits, WINDOW_WHOLE, FIGURE_ON_OWN)) &&
             (u->halt_poll_ns < 0 || stream_add_figure(s, "halt_poll", "s", (double)u->halt_poll_ns / CLOCK_NS_PER_S,
                                                       WINDOW_WHOLE, FIGURE_ON_OWN)) &&
             add_domain_cpu(u, w->host, s) && add_surroundings(raw, u, w->host, s);
    }
    return ok;
}

static bool takes_part(const struct trial *trial, const char *node)
{
    for (size_t i = 0; i < trial->stream_count; i++)
        if (strcmp(trial->streams[i].node, node) == 0)
            return true;
    return false;
}

/* What a guest that only was there took from the host: CPUs of it, on the host's own streams. */
static bool add_tax(const struct raw_watched *w, struct trial *trial)
{
    const struct message_watched *u = &w->use;
    char name[48] = "";
    bool ok = true;
    if (u->wall_ns <= 0 || u->used_ns < 0 || takes_part(trial, u->guest) ||
        !text_append(name, sizeof name, PRICE_TAX "%s", u->guest))
        return true; /* a name that long is none that a scenario gives */
    for (size_t i = 0; ok && i < trial->stream_count; i++) {
        struct stream *s = &trial->streams[i];
        if (s->role == STREAM_LOAD && strcmp(s->node, w->host) == 0)
            ok = stream_add_figure(s, name, "CPUs", (double)u->used_ns / (double)u->wall_ns, WINDOW_WHOLE,
                                   FIGURE_ON_OWN);
    }
    return ok;
}

/* Memory of the guest that was touched for the first time while it was measured: the host made it then. */
static bool flag_first_touch(const struct message_watched *u, struct trial *trial)
{
    enum { LEAST_SHARE = 100 };
    if (u->memory_bytes <= 0 || u->touched_bytes <= u->memory_bytes / LEAST_SHARE || !takes_part(trial, u->guest))
        return true;
    return trial_add_flag(trial, -1, "first-touch", (double)u->touched_bytes, (double)u->memory_bytes / LEAST_SHARE,
                          "%s touched %.0f MiB of its %.0f MiB of memory for the first time", u->guest,
                          (double)u->touched_bytes / 0x1p20, (double)u->memory_bytes / 0x1p20);
}

/* Somebody moved them while the guest was measured in its envelope. */
static bool flag_strays(const struct message_watched *u, struct trial *trial)
{
    return u->strays <= 0 || trial_add_flag(trial, -1, "envelope", (double)u->strays, 0,
                                            "%" PRId64 " of %s's threads left its envelope", u->strays, u->guest);
}

static bool add_series(const struct raw_domain *d, struct trial *trial)
{
    struct stream *s = trial_add_stream(trial);
    struct meter_point *points = s ? calloc(d->point_count, sizeof *points) : NULL;
    if (!points)
        return false;
    s->role = STREAM_DOMAIN;
    text_copy(s->node, sizeof s->node, d->guest);
    text_copy(s->peer, sizeof s->peer, d->host);
    memcpy(points, d->points, d->point_count * sizeof *points);
    s->points = points;
    s->point_count = d->point_count;
    return true;
}

/* The guest as its host saw it: the whole, and what it is made of. Its steal is the time that its vCPUs
 * were ready and had no CPU. */
static bool add_guest_costs(const struct raw_trial *raw, const struct raw_watched *w, struct trial *trial)
{
    const struct message_watched *u = &w->use;
    const struct {
        enum cost_scope scope;
        int64_t used_ns;
    } PARTS[] = { { COST_VCPU, u->vcpu_ns }, { COST_VHOST, u->vhost_ns }, { COST_EMULATOR, u->emulator_ns } };
    const struct cost whole = { .scope = COST_DOMAIN,
                                .wall_ns = u->wall_ns,
                                .cpus = (int)u->cpus,
                                .used_ns = u->used_ns,
                                .user_ns = u->user_ns,
                                .sys_ns = u->sys_ns,
                                .steal_ns = u->wait_ns,
                                .idle_baseline_ns = -1 };
    bool ok = u->wall_ns <= 0 || u->used_ns < 0 || add_cost(trial, u->guest, &whole);
    for (size_t i = 0; ok && u->wall_ns > 0 && i < ARRAY_SIZE(PARTS); i++) {
        struct cost part = {
            .scope = PARTS[i].scope, .wall_ns = u->wall_ns, .used_ns = PARTS[i].used_ns, .idle_baseline_ns = -1
        };
        ok = part.used_ns < 0 || add_cost(trial, u->guest, &part);
    }
    return ok && add_guest_figures(raw, w, trial);
}

/* What is known by name of what a host used: its guests, and the processes of nodes that run on it. */
static int64_t attributed_ns(const struct raw_trial *raw, const char *host, bool *has_guest)
{
    const char *machine = "";
    int64_t sum = 0;
    *has_guest = false;
    for (size_t i = 0; i < raw->watched_count; i++) {
        const struct raw_watched *w = &raw->watched[i];
        if (!*w->use.guest || strcmp(w->host, host) != 0 || w->use.used_ns < 0)
            continue;
        *has_guest = true;
        sum += w->use.used_ns;
        for (size_t n = 0; n < raw->node_count; n++)
            if (strcmp(raw->nodes[n].name, w->use.guest) == 0)
                machine = raw->nodes[n].machine;
    }
    for (size_t n = 0; n < raw->node_count && *machine; n++)
        if (raw->nodes[n].is_done && strcmp(raw->nodes[n].boot_id, machine) == 0)
            sum += raw->nodes[n].done.process_used_ns;
    return sum;
}

static bool add_unattributed(const struct raw_trial *raw, const struct raw_watched *w, struct trial *trial)
{
    static const double SHOWN_FROM = 0.05;
    const struct cost *told = cost_of(trial, w->host, COST_MACHINE);
    bool has_guest;
    const int64_t parts = attributed_ns(raw, w->host, &has_guest);
    const int64_t idle = told ? idle_of(w->idle_rate, told->wall_ns) : -1;
    if (!has_guest || idle < 0)
        return true;
    const int64_t whole = told->used_ns - idle, rest = whole - parts;
    struct cost cost = { .scope = COST_UNATTRIBUTED,
                         .wall_ns = told->wall_ns,
                         .cpus = told->cpus,
                         .used_ns = rest,
                         .idle_baseline_ns = -1 };
    return (double)rest <= SHOWN_FROM * (double)whole || add_cost(trial, w->host, &cost);
}

bool price_add(const struct raw_trial *raw, struct trial *trial)
{
    bool ok = !*raw->outside || trial_add_flag(trial, -1, FLAG_OUTSIDE, 0, 0, "%s", raw->outside);
    for (size_t i = 0; ok && i < raw->watched_count; i++)
        ok = *raw->watched[i].use.guest
                 ? add_guest_costs(raw, &raw->watched[i], trial) && add_tax(&raw->watched[i], trial) &&
                       flag_first_touch(&raw->watched[i].use, trial) && flag_strays(&raw->watched[i].use, trial)
                 : add_watching_host(&raw->watched[i], trial);
    for (size_t i = 0; ok && i < raw->watched_count; i++)
        ok = *raw->watched[i].use.guest || add_unattributed(raw, &raw->watched[i], trial);
    for (size_t i = 0; ok && i < raw->domain_count; i++)
        ok = add_series(&raw->domains[i], trial);
    return ok;
}
