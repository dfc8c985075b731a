#include "label_confined.h"

#include <math.h>
#include <string.h>

#include "base/cpu_list.h"
#include "base/text.h"

static const double BYTES_ALIKE = 0.05; /* as label.c has it for whole machines */

struct seen {
    int cpus;      /* 0: not known */
    int64_t bytes; /* -1: not known */
};

static bool is_guest(const struct label_side *side)
{
    const struct run_node *node = run_find_node(side->run, side->node);
    return node && strcmp(node->role, "guest") == 0;
}

static struct seen seen_by(const struct label_side *side, const struct confined *confined, bool other_is_confined)
{
    if (confined->how != CONFINED_NOT)
        return (struct seen){ cpu_list_count(confined->cpus), confined->bytes };
    const char *bytes = is_guest(side) && other_is_confined ? "memory_available_bytes" : "memory_bytes";
    return (struct seen){ facts_cpus(side->facts, side->node), facts_int(side->facts, side->node, bytes, -1) };
}

static void drop(struct label *label, const char *fact)
{
    size_t kept = 0;
    for (size_t i = 0; i < label->count; i++)
        if (strcmp(label->differences[i].fact, fact) != 0)
            label->differences[kept++] = label->differences[i];
    label->count = kept;
}

static void add(struct label *label, const char *fact, const char *words, const char *base, const char *with)
{
    if (label->count == LABEL_DIFFERENCES_MAX)
        return;
    struct difference *d = &label->differences[label->count++];
    *d = (struct difference){ .fact = fact, .words = words, .class = "must match" };
    text_copy(d->base, sizeof d->base, base);
    text_copy(d->with, sizeof d->with, with);
}

static const char *show_mib(int64_t bytes, char *text, size_t size)
{
    if (bytes < 0)
        return "not told";
    snprintf(text, size, "%.0f MiB", (double)bytes / 0x1p20);
    return text;
}

static void compare(struct label *label, struct seen a, struct seen b)
{
    char base[32], with[32];
    if (a.cpus != b.cpus) {
        snprintf(base, sizeof base, a.cpus > 0 ? "%d" : "not told", a.cpus);
        snprintf(with, sizeof with, b.cpus > 0 ? "%d" : "not told", b.cpus);
        add(label, "cpus_allowed", "CPUs", base, with);
    }
    if (fabs((double)a.bytes - (double)b.bytes) > BYTES_ALIKE * fmax((double)a.bytes, (double)b.bytes))
        add(label, "memory_bytes", "memory", show_mib(a.bytes, base, sizeof base),
            show_mib(b.bytes, with, sizeof with));
}

/* "host confined to CPUs 0-1 and 402 MiB (visible)"; of a guest, whose memory is its own: "guest with all that serves
 * it on CPU 0 (envelope)" */
static void tell(struct label *label, const struct label_side *side, const struct confined *c)
{
    if (c->how == CONFINED_NOT)
        return;
    const char *many = cpu_list_count(c->cpus) == 1 ? "" : "s", *comma = *label->confined ? ", " : "";
    if (is_guest(side))
        text_append(label->confined, sizeof label->confined, "%s%s with all that serves it on CPU%s %s (%s)", comma,
                    side->node, many, c->cpus, confined_how_name(c->how));
    else
        text_append(label->confined, sizeof label->confined, "%s%s confined to CPU%s %s and %.0f MiB (%s)", comma,
                    side->node, many, c->cpus, (double)c->bytes / 0x1p20, confined_how_name(c->how));
}

void label_add_outside(struct label *label, const char *what)
{
    if (*label->confined)
        text_append(label->confined, sizeof label->confined, " but for %s", what);
}

static bool has_option(const char *options, const char *name)
{
    for (const char *at = options; at && (at = strstr(at, name)); at++)
        if (at == options || at[-1] == ' ')
            return true;
    return false;
}

/* A host whose kernel was given no more than the guest has. */
static bool is_booted(const struct label_side *base, struct seen a, struct seen b)
{
    const char *options = facts_text(base->facts, base->node, "boot_options");
    return options && (has_option(options, "maxcpus=") || has_option(options, "nr_cpus=")) &&
           has_option(options, "mem=") && a.cpus > 0 && a.cpus == b.cpus && a.bytes > 0 && b.bytes > 0 &&
           fabs((double)a.bytes - (double)b.bytes) <= BYTES_ALIKE * fmax((double)a.bytes, (double)b.bytes);
}

void label_add_confined(struct label *label, const struct label_side *base, const struct confined *base_confined,
                        const struct label_side *with, const struct confined *with_confined)
{
    const bool any = base_confined->how != CONFINED_NOT || with_confined->how != CONFINED_NOT;
    const struct seen a = seen_by(base, base_confined, with_confined->how != CONFINED_NOT);
    const struct seen b = seen_by(with, with_confined, base_confined->how != CONFINED_NOT);
    if (!any && !is_guest(base) && is_guest(with) && is_booted(base, a, b))
        text_append(label->confined, sizeof label->confined, "%s booted with the guest's CPUs and memory (booted)",
                    base->node);
    if (!any)
        return;
    drop(label, "cpus_allowed");
    drop(label, "memory_bytes");
    compare(label, a, b);
    tell(label, base, base_confined);
    tell(label, with, with_confined);
}
