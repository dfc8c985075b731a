#include "wire.h"

#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "base/units.h"

enum {
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    TCP_HEADER = 20,
    TCP_TIMESTAMPS = 12,
    UDP_HEADER = 8,
    FRAME_LEAST = 84, /* on the wire, IEEE 802.3: 64 bytes, preamble and gap */
    SEGMENTS_AN_ACK = 2,
    MTU_DEFAULT = 1500,
};

static int headers(const struct wire_frame *f)
{
    int ip = f->is_ipv6 ? IPV6_HEADER : IPV4_HEADER;
    if (f->protocol == WIRE_UDP)
        return ip + UDP_HEADER;
    return ip + TCP_HEADER + (f->has_timestamps ? TCP_TIMESTAMPS : 0);
}

int wire_payload(const struct wire_frame *frame)
{
    int payload = frame->mtu - headers(frame);
    return payload > 0 ? payload : 0;
}

double wire_ceiling(const struct wire_frame *frame, double bits_per_s, int extra, bool acks)
{
    double counted = frame->mtu + extra;
    if (acks && frame->protocol == WIRE_TCP) {
        double ack = headers(frame) + extra;
        counted += (ack < FRAME_LEAST ? FRAME_LEAST : ack) / SEGMENTS_AN_ACK;
    }
    return counted > 0 ? bits_per_s * wire_payload(frame) / counted : 0;
}

/* ---- which device leads where ---- */

static const json_t *find_link(const json_t *links, const char *name)
{
    size_t i;
    json_t *link;
    json_array_foreach(links, i, link)
    {
        const char *has = json_string_value(json_object_get(link, "name"));
        if (has && strcmp(has, name) == 0)
            return link;
    }
    return NULL;
}

/* The next word of *text, into `word`; false when there is none, or it is too long. */
static bool next_word(const char **text, char *word, size_t size)
{
    size_t length = strcspn(*text, " ");
    if (length == 0 || length >= size)
        return false;
    text_copy(word, length + 1, *text);
    *text += length + ((*text)[length] == ' ');
    return true;
}

/* "10.77.0.0/24 br0 7": whether it leads to `to`, and better than what is in *worth. */
static bool leads_to(const char *route, const struct ip *to, char *device, size_t size, int64_t *worth)
{
    char prefix[64], name[32], metric[16] = "0";
    struct ip net;
    int length;
    int64_t cost = 0;
    if (!next_word(&route, prefix, sizeof prefix) || !next_word(&route, name, sizeof name) ||
        (*route && !next_word(&route, metric, sizeof metric)) || !units_parse_int(metric, &cost, NULL) || cost < 0 ||
        !ip_parse_prefix(prefix, &net, &length) || !ip_is_in(to, &net, length))
        return false;
    int64_t own =
        ((int64_t)length << 32) + (cost < UINT32_MAX ? UINT32_MAX - cost : 0); /* the longer, then the cheaper */
    if (own <= *worth)
        return false;
    *worth = own;
    return text_copy(device, size, name);
}

/* Whether any device of the node has the address itself. */
static bool is_own(const json_t *links, const struct ip *address)
{
    size_t i, k;
    json_t *link, *has;
    json_array_foreach(links, i, link)
    {
        json_array_foreach(json_object_get(link, "addresses"), k, has)
        {
            struct ip own;
            int length;
            if (json_is_string(has) && ip_parse_prefix(json_string_value(has), &own, &length) &&
                ip_is_in(address, &own, own.size * 8))
                return true;
        }
    }
    return false;
}

/* The port of a bridge that is the way out of the machine: not what leads to its guests. NULL where
 * there are several. */
static const json_t *uplink_of(const json_t *links, const char *bridge)
{
    const json_t *found = NULL;
    size_t i;
    json_t *link;
    json_array_foreach(links, i, link)
    {
        const char *master = json_string_value(json_object_get(link, "master"));
        const char *kind = json_string_value(json_object_get(link, "kind"));
        if (!master || strcmp(master, bridge) != 0 || (kind && strcmp(kind, "tun") == 0))
            continue;
        if (found)
            return NULL;
        found = link;
    }
    return found;
}

/* The device that leads to the address, and the port behind it where that is a bridge; NULL where not
 * known, or the address is the node's own (`is_local`). */
static const json_t *device_to(const struct facts *facts, const char *node, const struct ip *to, const json_t **port,
                               bool *is_local)
{
    const json_t *links = facts_get(facts, node, "links");
    char name[32] = "";
    int64_t worth = -1;
    size_t i;
    json_t *route;
    *port = NULL;
    *is_local = is_own(links, to);
    if (*is_local)
        return NULL;
    json_array_foreach(facts_get(facts, node, "routes"), i, route) if (json_is_string(route))(void)
        leads_to(json_string_value(route), to, name, sizeof name, &worth);
    const json_t *device = find_link(links, name);
    const char *kind = json_string_value(json_object_get(device, "kind"));
    if (kind && strcmp(kind, "bridge") == 0)
        *port = uplink_of(links, name);
    return device;
}

static bool address_of(const struct run *run, const char *node, struct ip *address)
{
    const struct run_node *row = run_find_node(run, node);
    return row && ip_parse(row->address, address);
}

const json_t *wire_device(const struct run *run, const struct facts *facts, const char *node, const char *to)
{
    struct ip address;
    const json_t *port = NULL;
    bool is_local;
    if (!address_of(run, to, &address))
        return NULL;
    const json_t *device = device_to(facts, node, &address, &port, &is_local);
    return port ? port : device;
}

/* ---- the links of a way ---- */

static double number_of(const json_t *link, const char *key)
{
    const json_t *value = json_object_get(link, key);
    return json_is_number(value) ? json_number_value(value) : 0;
}

static void add_link(struct wire *wire, const char *node, const json_t *device, bool sends)
{
    const char *name = json_string_value(json_object_get(device, "name"));
    double speed = number_of(device, "speed_mbit") * 1e6, shaped = sends ? number_of(device, "shaped_bit_s") : 0;
    int mtu = (int)number_of(device, "mtu");
    if (mtu > 0 && mtu < wire->frame.mtu)
        wire->frame.mtu = mtu;
    if ((speed <= 0 && shaped <= 0) || !name || wire->count == WIRE_LINKS_MAX)
        return;
    struct wire_link *link = &wire->links[wire->count++];
    *link = (struct wire_link){ .sends = sends, .bits_per_s = speed, .extra = WIRE_FRAME_BYTES };
    text_copy(link->node, sizeof link->node, node);
    text_copy(link->device, sizeof link->device, name);
    link->is_shaped = shaped > 0 && (speed <= 0 || shaped < speed);
    if (link->is_shaped) {
        link->bits_per_s = shaped;
        link->extra = WIRE_HEADER_BYTES + (int)number_of(device, "shaped_overhead");
    }
}

/* What `node` has on its way to (or from) the other end; true where the MTU became known. */
static void add_side(const struct run *run, const struct facts *facts, const char *node, const char *other, bool sends,
                     struct wire *wire)
{
    struct ip to;
    const json_t *port;
    bool is_local;
    if (!address_of(run, other, &to))
        return;
    const json_t *device = device_to(facts, node, &to, &port, &is_local);
    wire->is_local |= is_local;
    if (device)
        add_link(wire, node, device, sends);
    if (port)
        add_link(wire, node, port, sends);
    wire->frame.is_ipv6 |= to.size == 16;
}

void wire_between(const struct run *run, const struct facts *facts, const char *from, const char *to,
                  enum wire_protocol protocol, struct wire *wire)
{
    const char *host;
    *wire = (struct wire){ .frame = { .mtu = INT32_MAX, .protocol = protocol, .has_timestamps = true } };
    wire->frame.has_timestamps =
        facts_int(facts, from, "tcp_timestamps", 1) != 0 && facts_int(facts, to, "tcp_timestamps", 1) != 0;
    add_side(run, facts, from, to, true, wire);
    if ((host = facts_host_of(run, from)) && strcmp(host, to) != 0)
        add_side(run, facts, host, to, true, wire);
    if ((host = facts_host_of(run, to)) && strcmp(host, from) != 0)
        add_side(run, facts, host, from, false, wire);
    add_side(run, facts, to, from, false, wire);
    if (wire->frame.mtu == INT32_MAX)
        wire->frame.mtu = MTU_DEFAULT;
}
