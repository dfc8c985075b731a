/* libvirt.c - virtual machines by libvirt: QEMU above all, and whatever else it has a driver for.
 *
 * This directory is a module of its own (guests-libvirt.so): an agent that keeps no guests neither
 * links libvirt nor carries it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/libvirt/advice.h"
#include "guests/libvirt/counters.h"
#include "guests/libvirt/disk_xml.h"
#include "guests/libvirt/domain_xml.h"
#include "guests/libvirt/link.h"
#include "guests/libvirt/process.h"

enum { STOP_LOOK_MS = 100 };

static bool is_alive(struct link *link)
{
    return !atomic_load(&link->is_lost) && virConnectIsAlive(link->connection) == 1;
}

static int fd_of(struct link *link) { return link->events_fd; }

static void version_text(unsigned long version, char *text, size_t size)
{
    text[0] = '\0';
    text_append(text, size, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static bool facts(struct link *link, struct provider_facts *f, struct err *e)
{
    unsigned long product = 0, library = 0;
    const char *type = virConnectGetType(link->connection);
    if (!type || virConnectGetVersion(link->connection, &product) != 0 ||
        virConnectGetLibVersion(link->connection, &library) != 0)
        return advice_fail(e, "libvirt");
    text_copy(f->product, sizeof f->product, type);
    version_text(product, f->version, sizeof f->version);
    version_text(library, f->library, sizeof f->library);
    text_copy(f->uri, sizeof f->uri, link->uri);
    return true;
}

/* ---- what there is ---- */

static bool describe(virDomainPtr domain, struct domain *d, struct err *e)
{
    virDomainInfo info;
    if (virDomainGetInfo(domain, &info) != 0)
        return advice_fail(e, virDomainGetName(domain));
    *d = (struct domain){ .state = link_state_of(info.state),
                          .vcpus = info.nrVirtCpu,
                          .memory_bytes = (int64_t)info.maxMem * 1024 };
    text_copy(d->name, sizeof d->name, virDomainGetName(domain));
    d->is_ours = strncmp(d->name, DOMAIN_PREFIX, strlen(DOMAIN_PREFIX)) == 0 && virDomainIsPersistent(domain) == 0;
    char *xml = virDomainGetXMLDesc(domain, 0);
    if (xml)
        text_copy(d->accel, sizeof d->accel, domain_xml_accel(xml));
    free(xml);
    if (*d->accel && (d->state == DOMAIN_RUNNING || d->state == DOMAIN_PAUSED))
        d->pid = process_of_domain(d->name);
    return true;
}

static bool domains(struct link *link, struct domain *list, size_t most, size_t *count, struct err *e)
{
    virDomainPtr *all = NULL;
    int found = virConnectListAllDomains(link->connection, &all, 0);
    if (found < 0)
        return advice_fail(e, "libvirt");
    *count = 0;
    for (int i = 0; i < found; i++) {
        if (*count < most && describe(all[i], &list[*count], NULL)) /* one that has just gone is none */
            (*count)++;
        virDomainFree(all[i]);
    }
    free(all);
    return true;
}

static virDomainPtr look_up(struct link *link, const char *name, struct err *e)
{
    virDomainPtr domain = virDomainLookupByName(link->connection, name);
    if (!domain)
        advice_fail(e, name);
    return domain;
}

static bool find(struct link *link, const char *name, struct domain *d, struct err *e)
{
    virDomainPtr domain = look_up(link, name, e);
    bool ok = domain && describe(domain, d, e);
    if (domain)
        virDomainFree(domain);
    return ok;
}

/* ---- start and stop ---- */

/* Ports whose domain has ended, by whomever, go; the one of `name` too. */
static void remove_ports(struct link *link, const char *name)
{
    for (size_t i = 0; i < LINK_PORTS; i++) {
        struct link_port *port = &link->ports[i];
        virDomainPtr domain = *port->tap && strcmp(port->domain, name) != 0
                                  ? virDomainLookupByName(link->connection, port->domain)
                                  : NULL;
        if (*port->tap && !domain) {
            tap_remove(port->tap);
            *port = (struct link_port){ .tap = "" };
        }
        if (domain)
            virDomainFree(domain);
    }
}

/* Where libvirt has no right to make a port on the bridge, we do, if we have it: a user's daemon has QEMU's helper
 * for it, too. `tap` stays "" where libvirt makes it. */
static bool make_port(struct link *link, const struct machine *machine, const char **tap, struct err *e)
{
    struct link_port *port = link->ports;
    *tap = "";
    if (!link->runs_as_us || geteuid() == 0)
        return true;
    remove_ports(link, machine->name);
    while (port < link->ports + LINK_PORTS && *port->tap)
        port++;
    if (port == link->ports + LINK_PORTS)
        return err_set(e, ERR_USAGE, "more than %d guests", LINK_PORTS);
    if (!tap_make(machine->bridge, port->tap, link->is_embedded ? e : NULL))
        return !link->is_embedded;
    text_copy(port->domain, sizeof port->domain, machine->name);
    *tap = port->tap;
    return true;
}

static bool create(struct link *link, const struct machine *machine, struct err *e)
{
    const char *tap;
    char *xml = malloc(DOMAIN_XML_MAX);
    if (!xml)
        return err_set(e, ERR_INTERNAL, "out of memory");
    bool ok = make_port(link, machine, &tap, e) && domain_xml_write(machine, tap, xml, DOMAIN_XML_MAX, e);
    if (ok) {
        unsigned flags = link->is_embedded ? 0 : VIR_DOMAIN_START_AUTODESTROY;
        virDomainPtr domain = virDomainCreateXML(link->connection, xml, flags);
        ok = domain || advice_fail(e, NULL);
        if (domain)
            virDomainFree(domain);
    }
    if (!ok)
        remove_ports(link, machine->name);
    free(xml);
    return ok;
}

static bool start(struct link *link, const char *name, struct err *e)
{
    virDomainPtr domain = look_up(link, name, e);
    bool ok = domain && (virDomainCreate(domain) == 0 || advice_fail(e, name));
    if (domain)
        virDomainFree(domain);
    return ok;
}

/* Also one that somebody has started again since: each start has an id of its own. */
static bool has_ended(virDomainPtr domain, unsigned id)
{
    int state = VIR_DOMAIN_SHUTOFF;
    if (virDomainGetState(domain, &state, NULL, 0) != 0 || state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED)
        return true;
    virDomainPtr now = virDomainLookupByName(virDomainGetConnect(domain), virDomainGetName(domain));
    const bool is_another = now && virDomainGetID(now) != id;
    if (now)
        virDomainFree(now);
    return is_another;
}

static bool stop(struct link *link, const char *name, bool at_once, int64_t within_ns, struct err *e)
{
    virDomainPtr domain = virDomainLookupByName(link->connection, name);
    if (!domain) { /* a transient one is gone when it has ended */
        bool is_gone = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN || advice_fail(e, name);
        remove_ports(link, name);
        return is_gone;
    }
    const unsigned id = virDomainGetID(domain);
    const int64_t deadline = clock_mono_ns() + within_ns;
    bool ok = has_ended(domain, id) || (at_once ? virDomainDestroy(domain) : virDomainShutdown(domain)) == 0 ||
              has_ended(domain, id) || advice_fail(e, name);
    while (ok && !has_ended(domain, id) && clock_mono_ns() < deadline)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(STOP_LOOK_MS));
    if (ok && !has_ended(domain, id))
        ok = err_set(e, ERR_PARTIAL, "%s was asked to shut down and has not after %lld s: `virsh destroy %s` ends it",
                     name, (long long)(within_ns / CLOCK_NS_PER_S), name);
    virDomainFree(domain);
    if (ok)
        remove_ports(link, name);
    return ok;
}

static bool pause_or_resume(struct link *link, const char *name, bool pauses, struct err *e)
{
    virDomainPtr domain = look_up(link, name, e);
    bool ok = domain && ((pauses ? virDomainSuspend(domain) : virDomainResume(domain)) == 0 || advice_fail(e, name));
    if (domain)
        virDomainFree(domain);
    return ok;
}

/* A machine that is restored by a daemon would outlive this agent if that were killed: libvirt has no restore with
 * AUTODESTROY. */
static bool may_save(const struct link *link, struct err *e)
{
    return link->is_embedded ||
           err_set(e, ERR_USAGE, "by a daemon of libvirt it would be restored beyond the life of its agent");
}

static bool save(struct link *link, const char *name, const char *file, struct err *e)
{
    virDomainPtr domain = may_save(link, e) ? look_up(link, name, e) : NULL;
    bool ok = domain && (virDomainSave(domain, file) == 0 || advice_fail(e, name));
    if (domain)
        virDomainFree(domain);
    return ok;
}

static bool restore(struct link *link, const char *name, const char *file, struct err *e)
{
    return may_save(link, e) && (virDomainRestore(link->connection, file) == 0 || advice_fail(e, name));
}

/* ---- counters ---- */

/* Not every driver tells them, and that is no failure. */
static void read_whole(virDomainPtr domain, struct domain_statistics *s)
{
    virDomainPtr one[] = { domain, NULL };
    virDomainStatsRecordPtr *records = NULL;
    unsigned wanted = VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_VCPU;
#if LIBVIR_CHECK_VERSION(8, 9, 0)
    wanted |= VIR_DOMAIN_STATS_VM;
#endif
    int count = virDomainListGetStats(one, wanted, &records, 0);
    if (count > 0) {
        s->exits = counters_exits(records[0]->params, records[0]->nparams);
        s->halt_poll_ns = counters_halt_poll_ns(records[0]->params, records[0]->nparams);
    }
    if (count >= 0)
        virDomainStatsRecordListFree(records);
}

static bool statistics(struct link *link, const char *name, bool brief, struct domain_statistics *s, struct err *e)
{
    virDomainInfo info;
    virDomainPtr domain = look_up(link, name, e);
    bool ok = domain && (virDomainGetInfo(domain, &info) == 0 || advice_fail(e, name));
    if (ok) {
        *s = (struct domain_statistics){
            .state = link_state_of(info.state), .cpu_ns = (int64_t)info.cpuTime, .exits = -1, .halt_poll_ns = -1
        };
        if (!brief)
            read_whole(domain, s);
    }
    if (domain)
        virDomainFree(domain);
    return ok;
}

/* ---- disks ---- */

static bool disks(struct link *link, const char *name, struct domain_disk *list, size_t most, size_t *count,
                  struct err *e)
{
    virDomainPtr domain = look_up(link, name, e);
    char *xml = domain ? virDomainGetXMLDesc(domain, 0) : NULL;
    bool ok = domain && (xml || advice_fail(e, name));
    if (ok)
        *count = disk_xml_read(xml, list, most);
    free(xml);
    if (domain)
        virDomainFree(domain);
    return ok;
}

extern const struct provider tare_provider __attribute__((visibility("default")));
const struct provider tare_provider = {
    .name = "libvirt",
    .version = TARE_VERSION,
    .shape = PROVIDER_SHAPE,
    .open = link_open,
    .close = link_close,
    .is_alive = is_alive,
    .facts = facts,
    .domains = domains,
    .find = find,
    .create = create,
    .start = start,
    .stop = stop,
    .pause = pause_or_resume,
    .save = save,
    .restore = restore,
    .statistics = statistics,
    .disks = disks,
    .fd = fd_of,
    .next_event = link_next_event,
};
