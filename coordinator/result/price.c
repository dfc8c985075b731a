#include "price.h"

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

/* What the host's kernel did for the guest, on the guest's own streams. */
static bool add_guest_figures(const struct message_watched *u, struct trial *trial)
{
    bool ok = true;
    for (size_t i = 0; ok && i < trial->stream_count; i++) {
        struct stream *s = &trial->streams[i];
        if (s->role != STREAM_LOAD || strcmp(s->node, u->guest) != 0)
            continue;
        ok = (u->exits < 0 || stream_add_figure(s, "vm_exits", "1", (double)u->exits, WINDOW_WHOLE, FIGURE_ON_OWN)) &&
             (u->halt_poll_ns < 0 || stream_add_figure(s, "halt_poll", "s", (double)u->halt_poll_ns / CLOCK_NS_PER_S,
                                                       WINDOW_WHOLE, FIGURE_ON_OWN));
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

/* The guest as its host saw it: the whole, and what it is made of. Its steal is the time that its vCPUs
 * were ready and had no CPU. */
static bool add_guest_costs(const struct message_watched *u, struct trial *trial)
{
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
    return ok && add_guest_figures(u, trial);
}

bool price_add(const struct raw_trial *raw, struct trial *trial)
{
    bool ok = true;
    for (size_t i = 0; ok && i < raw->watched_count; i++)
        ok = *raw->watched[i].use.guest
                 ? add_guest_costs(&raw->watched[i].use, trial) && add_tax(&raw->watched[i], trial) &&
                       flag_first_touch(&raw->watched[i].use, trial)
                 : add_watching_host(&raw->watched[i], trial);
    return ok;
}
