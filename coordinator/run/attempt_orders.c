#include "attempt_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/log.h"
#include "base/text.h"
#include "run/spinners.h"

static bool send_to(struct attempt *a, size_t player, const struct message *m)
{
    struct err e = { 0 };
    if (hub_send(a->context->hub, a->players[player].node, m, &e))
        return true;
    attempt_blame(a, ATTEMPT_LOST, "%s", e.text);
    return false;
}

void attempt_probe(struct attempt *a, int64_t every_ms, bool restart)
{
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct roster_node *node = a->players[i].node;
        if (!node)
            continue;
        if (restart)
            node->probes = 0;
        hub_probe(a->context->hub, node, clock_ms(every_ms));
        /* Not all at once: the coordinator would stamp the second answer while it reads the first. */
        node->probe_mono += clock_ms(every_ms) * (int64_t)i / (int64_t)a->raw.node_count;
    }
}

/* A built-in guest that builds, or the host of one, which then builds in the same system. */
static bool builds_in_root(const struct scenario *s, int node)
{
    for (size_t i = 0; i < s->node_count; i++)
        if (s->nodes[i].built_in && s->nodes[i].built_in->compiler && ((int)i == node || s->nodes[i].on == node))
            return true;
    return false;
}

/* A host is kept to what the guest has that it is compared with; in an envelope the guest is there already. */
static bool confine(struct attempt *a, const struct job *job, struct message_prepare *m, struct err *e)
{
    const struct scenario *s = a->context->scenario;
    bool is_its_own;
    const int enclosed = plan_enclosed(s, a->place, &is_its_own);
    const int guest = enclosed >= 0 ? enclosed : plan_confined_by(s, a->place);
    struct guest_envelope envelope = { .cpus = "" };
    struct guest_size size;
    if (guest < 0)
        return true;
    if (enclosed >= 0 && !guests_envelope(a->context->guests, guest, &envelope))
        return err_set(e, ERR_INTERNAL, "no envelope of %s", s->nodes[guest].name);
    if (!guests_size(a->context->guests, guest, &size)) {
        attempt_blame(
            a, ATTEMPT_FAILED,
            "%s cannot be confined to what %s has: its agent has not told that, install the same version there",
            a->raw.nodes[job->load].name, s->nodes[guest].name);
        return true;
    }
    const struct guest_options *made = s->nodes[guest].built_in;
    a->raw.confined =
        (struct confined){ .how = (enum confined_how)s->nodes[guest].confine, .bytes = size.available_bytes };
    text_copy(a->raw.confined.cpus, sizeof a->raw.confined.cpus, envelope.cpus);
    text_copy(a->raw.outside, sizeof a->raw.outside, envelope.outside);
    if (is_its_own)
        return true;
    m->confine = s->nodes[guest].confine;
    m->confine_cpus = enclosed >= 0 ? (uint32_t)cpu_list_count(envelope.cpus) : size.cpus;
    m->confine_bytes = size.available_bytes;
    if (enclosed >= 0)
        return text_copy(m->confine_on, sizeof m->confine_on, envelope.cpus);
    return text_copy(m->confine_on, sizeof m->confine_on, made ? made->pin : "") ||
           err_set(e, ERR_USAGE, "pin: too long a list of CPUs");
}

static bool prepare_part(struct attempt *a, uint32_t job_number, uint32_t part, struct err *e)
{
    const struct job *job = &a->jobs[job_number];
    struct message m = { .type = MESSAGE_PREPARE,
                         .prepare = {
                             .trial = a->number, .job = job_number, .part = part, .token_size = MESSAGE_TOKEN } };
    text_copy(m.prepare.workload, sizeof m.prepare.workload, a->step->workload->name);
    memcpy(m.prepare.token, job->token, MESSAGE_TOKEN);
    if (!schema_pack(a->step->workload->options, a->step->options, m.prepare.options, sizeof m.prepare.options, e))
        return false;
    const unsigned char *tree = delivery_hash(a->context->delivery, a->step);
    if (tree) {
        memcpy(m.prepare.tree, tree, TREE_HASH);
        m.prepare.tree_size = TREE_HASH;
        m.prepare.in_root = builds_in_root(a->context->scenario, a->players[job->load].declared);
    }
    text_copy(m.prepare.own, sizeof m.prepare.own, a->players[part == PART_LOAD ? job->load : job->peer].own);
    if (part == PART_LOAD && job->peer != job->load) {
        const struct scenario_node *stock = a->players[job->peer].stock;
        text_copy(m.prepare.address, sizeof m.prepare.address, a->raw.nodes[job->peer].address);
        m.prepare.port = stock ? stock->netserver.port : job->port;
        m.prepare.is_stock = stock != NULL;
    }
    if (part == PART_LOAD && !confine(a, job, &m.prepare, e))
        return false;
    if (*a->why)
        return true;
    (void)send_to(a, part == PART_LOAD ? job->load : job->peer, &m); /* blamed; seen at the next look */
    return true;
}

/* Whether another node is to listen; a stock netserver does by itself. */
static bool has_server(const struct attempt *a, const struct job *job)
{
    return job->peer != job->load && !a->players[job->peer].stock;
}

bool attempt_prepare(struct attempt *a, uint32_t part, struct err *e)
{
    if (part == PART_LOAD && a->step->workload->needs_guest && !guests_lend(a->context->guests, a->step->to, e))
        return false;
    for (uint32_t j = 0; j < a->job_count; j++)
        if ((part == PART_LOAD || has_server(a, &a->jobs[j])) && !prepare_part(a, j, part, e))
            return false;
    return true;
}

/* Where the CPUs of player `i` really are: a guest's on its host, where that is known. */
static const struct roster_node *machine_of(const struct attempt *a, size_t i)
{
    const struct scenario *scenario = a->context->scenario;
    const struct scenario_node *declared = &scenario->nodes[a->players[i].declared];
    const struct roster_node *host =
        declared->role == ROLE_GUEST && declared->on >= 0
            ? roster_by_name(hub_roster(a->context->hub), scenario->nodes[declared->on].name)
            : NULL;
    return host && host->is_joined ? host : a->players[i].node;
}

static void fill_spinners(const struct attempt *a, struct spinner *all)
{
    for (size_t i = 0; i < a->raw.node_count; i++) {
        const struct roster_node *node = a->players[i].node, *machine = machine_of(a, i);
        all[i] = (struct spinner){ .kernel = "", .machine = "" }; /* a stock netserver's: no other's */
        if (!node || !machine)
            continue;
        all[i] = (struct spinner){ .kernel = a->raw.nodes[i].boot_id,
                                   .machine = machine->hello.boot_id,
                                   .cpus = node->cpus,
                                   .machine_cpus = machine->cpus,
                                   .starters = a->players[i].starters };
    }
}

void attempt_arm(struct attempt *a)
{
    int64_t worst_rtt = 0;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node && a->players[i].node->rtt_ns > worst_rtt)
            worst_rtt = a->players[i].node->rtt_ns;
    int64_t ahead = ARM_ROUND_TRIPS * worst_rtt;
    ahead = ahead < clock_ms(ARM_LEAST_MS) ? clock_ms(ARM_LEAST_MS) : ahead;
    /* A trial that is given again has four times as long for the answers, which may have been what it lacked. One
     * answer that was late shall not put T off for seconds. */
    for (int i = 0; i < a->place->attempt && ahead < clock_ms(ARM_MOST_MS); i++)
        ahead *= ARM_LONGER;
    ahead = ahead > clock_ms(ARM_MOST_MS) ? clock_ms(ARM_MOST_MS) : ahead;
    attempt_probe(a, PROBE_LOADED_MS, false);
    a->raw.at_ns = clock_raw_ns() + ahead;
    a->at_mono = clock_mono_at_raw_ns(a->raw.at_ns);
    a->deadline_mono = a->at_mono;
    size_t count = a->raw.node_count; /* at least the one under test */
    struct spinner *spinners = count > 0 ? calloc(count, sizeof *spinners) : NULL;
    if (!spinners) {
        attempt_blame(a, ATTEMPT_FAILED, "out of memory");
        return;
    }
    fill_spinners(a, spinners);
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct roster_node *node = a->players[i].node;
        struct bounds_interval at;
        struct err e = { 0 };
        if (!node)
            continue;
        if (!bounds_node_at(node->bounds, a->raw.at_ns, &at, &e)) {
            attempt_blame(a, ATTEMPT_FAILED, "%s: %s", node->name, e.text);
            break;
        }
        a->raw.nodes[i].at_ns = bounds_mid(at);
        node->worst_gap_ns = 0;
        hub_set_armed(a->context->hub, node, true);
        (void)send_to(a, i,
                      &(struct message){ .type = MESSAGE_ARM,
                                         .arm = { .trial = a->number,
                                                  .at_ns = a->raw.nodes[i].at_ns,
                                                  .may_spin = spinners_may_spin(spinners, count, i),
                                                  .slot = spinners_slot(spinners, i) } });
    }
    free(spinners);
}

void attempt_disarm(struct attempt *a)
{
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node)
            hub_set_armed(a->context->hub, a->players[i].node, false);
    a->disarmed = true;
}

void attempt_cancel(struct attempt *a)
{
    struct message m = { .type = MESSAGE_CANCEL, .cancel = { .trial = a->number } };
    text_copy(m.cancel.reason, sizeof m.cancel.reason, a->why);
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct err e = { 0 };
        struct roster_node *node = a->players[i].node;
        if (node && node->is_joined && !hub_send(a->context->hub, node, &m, &e))
            log_debug("%s", e.text); /* it is the one that is gone, as a rule */
    }
}
