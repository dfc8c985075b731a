#include "enclosure.h"

#include <errno.h>
#include <string.h>

#include "agent/confinement.h"
#include "base/text.h"
#include "guests/interrupts.h"
#include "guests/serving.h"

enum { PASSES = 16 };

/* ---- CPUs ---- */

static bool is_within(const cpu_set_t *inner, const cpu_set_t *outer)
{
    cpu_set_t both;
    CPU_AND(&both, inner, outer);
    return CPU_EQUAL(&both, inner);
}

static const char *show(const cpu_set_t *cpus, char list[ENCLOSURE_CPUS])
{
    return confinement_list(cpus, list, ENCLOSURE_CPUS) ? list : "many";
}

/* What the vCPUs may use; of a process that names none of its threads so, what the first one may. */
struct vcpus {
    cpu_set_t cpus, others;
};

static bool add_vcpu(pid_t tid, void *context)
{
    struct vcpus *v = context;
    char name[SERVING_NAME];
    int64_t started;
    cpu_set_t cpus;
    if (!serving_who(tid, name, &started) || sched_getaffinity(tid, sizeof cpus, &cpus) != 0)
        return true; /* it has ended */
    if (strncmp(name, "CPU ", 4) == 0)
        CPU_OR(&v->cpus, &v->cpus, &cpus);
    else
        CPU_OR(&v->others, &v->others, &cpus);
    return true;
}

bool enclosure_choose(pid_t pid, const char *pin, unsigned count, char *list, size_t size, struct err *e)
{
    struct vcpus v;
    cpu_set_t cpus, chosen;
    char there[ENCLOSURE_CPUS];
    CPU_ZERO(&v.cpus);
    CPU_ZERO(&v.others);
    if (*pin) {
        if (!confinement_cpus(pin, count, &chosen, e))
            return false;
    } else {
        if (!serving_each(pid, add_vcpu, &v))
            return err_set(e, ERR_PARTIAL, "its process is gone");
        if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
            return err_errno(e, errno, "which CPUs there are cannot be told");
        CPU_AND(&cpus, &cpus, CPU_COUNT(&v.cpus) > 0 ? &v.cpus : &v.others);
        if ((unsigned)CPU_COUNT(&cpus) < count)
            return err_set(e, ERR_USAGE,
                           "its %u vCPUs want as many CPUs of the host, and those that both it and this agent may use "
                           "are %s: give it fewer",
                           count, CPU_COUNT(&cpus) > 0 ? show(&cpus, there) : "none");
        CPU_ZERO(&chosen);
        for (size_t cpu = 0; (unsigned)CPU_COUNT(&chosen) < count; cpu++)
            if (CPU_ISSET(cpu, &cpus))
                CPU_SET(cpu, &chosen);
    }
    return confinement_list(&chosen, list, size) || err_set(e, ERR_USAGE, "too many CPUs here and there to be listed");
}

/* ---- taking in ---- */

bool enclosure_open(const char *root, const char *list, struct enclosure *x, struct err *e)
{
    struct enclosure made = { .pid = 0 };
    if (!confinement_set(list, &made.cpus))
        return err_set(e, ERR_PARTIAL, "a damaged list of CPUs");
    if (!enclosure_note_begin(root, &made.note, e))
        return false;
    *x = made;
    return true;
}

void enclosure_close(struct enclosure *x)
{
    enclosure_note_close(&x->note);
    x->pid = 0;
}

struct taking {
    struct enclosure *x;
    struct err why;
    bool any; /* of this pass, has been changed */
};

static bool has_no_right(struct err *e, const char *name)
{
    return err_set(
        e, ERR_USAGE,
        "no right to say on which CPUs thread '%s' of it runs: start the agent as root, or with CAP_SYS_NICE", name);
}

/* Before any is changed, so that who is within already is no child of one that was taken in. */
static bool note_all(pid_t tid, void *context)
{
    struct taking *t = context;
    char name[SERVING_NAME];
    int64_t started;
    cpu_set_t had;
    return !serving_who(tid, name, &started) || sched_getaffinity(tid, sizeof had, &had) != 0 ||
           enclosure_note_thread(&t->x->note, "thread", tid, started, &had, &t->why);
}

static bool take_thread(pid_t tid, void *context)
{
    struct taking *t = context;
    char name[SERVING_NAME], list[ENCLOSURE_CPUS], kept[ENCLOSURE_CPUS];
    int64_t started;
    cpu_set_t had, both, has;
    if (!serving_who(tid, name, &started) || sched_getaffinity(tid, sizeof had, &had) != 0 ||
        is_within(&had, &t->x->cpus))
        return true; /* it has ended, or is there */
    CPU_AND(&both, &had, &t->x->cpus);
    (void)show(&t->x->cpus, list);
    if (CPU_COUNT(&both) == 0)
        return err_set(&t->why, ERR_USAGE,
                       "its thread '%s' is kept to CPUs %s, outside of its envelope, CPUs %s: pin it there, or not at "
                       "all",
                       name, show(&had, kept), list);
    if (!enclosure_note_has_thread(&t->x->note, tid, started) &&
        !enclosure_note_thread(&t->x->note, "thread", tid, started, &had, &t->why))
        return false;
    t->any = true;
    if (sched_setaffinity(tid, sizeof both, &both) != 0)
        return errno == ESRCH ||
               (errno == EPERM ? has_no_right(&t->why, name)
                               : err_errno(&t->why, errno, "its thread '%s' cannot be kept to CPUs %s", name, list));
    if (sched_getaffinity(tid, sizeof has, &has) == 0 && !is_within(&has, &t->x->cpus))
        return err_set(&t->why, ERR_USAGE, "its thread '%s' does not stay on CPUs %s", name, list);
    return true;
}

static bool each(pid_t pid, bool (*visit)(pid_t, void *), struct taking *t, struct err *e)
{
    t->why = (struct err){ .text = "" };
    return serving_each(pid, visit, t) || err_set(e, *t->why.text ? t->why.exit : ERR_PARTIAL, "%s",
                                                  *t->why.text ? t->why.text : "its process is gone");
}

bool enclosure_take(struct enclosure *x, pid_t pid, bool outlives, struct err *e)
{
    char name[SERVING_NAME];
    int64_t started;
    cpu_set_t had;
    struct taking t = { .x = x, .any = true };
    if (!serving_who(pid, name, &started) || sched_getaffinity(pid, sizeof had, &had) != 0)
        return err_set(e, ERR_PARTIAL, "its process is gone");
    bool ok = (!outlives || enclosure_note_keep(&x->note, e)) &&
              enclosure_note_thread(&x->note, "process", pid, started, &had, e);
    ok = ok && each(pid, note_all, &t, e);
    for (int pass = 0; ok && t.any && pass < PASSES; pass++) {
        t.any = false;
        ok = each(pid, take_thread, &t, e);
    }
    if (ok && t.any)
        ok = err_set(e, ERR_PARTIAL, "its threads come and go faster than they can be kept to some CPUs");
    if (ok)
        x->pid = pid;
    else
        enclosure_note_undo_process(&x->note);
    return ok;
}

bool enclosure_interrupts(struct enclosure *x, const char *bus, char *outside, size_t size, struct err *e)
{
    unsigned numbers[INTERRUPTS_MAX];
    char list[ENCLOSURE_CPUS], had[ENCLOSURE_CPUS];
    const size_t count = interrupts_of(x->note.root, bus, numbers);
    bool ok = true;
    (void)show(&x->cpus, list);
    for (size_t i = 0; ok && i < count; i++) {
        cpu_set_t cpus;
        const bool is_told = interrupts_get(x->note.root, numbers[i], had, sizeof had) && confinement_set(had, &cpus);
        if (is_told && is_within(&cpus, &x->cpus))
            continue;
        ok = !is_told || (enclosure_note_keep(&x->note, e) && enclosure_note_interrupt(&x->note, numbers[i], had, e));
        if (ok && (!is_told || !interrupts_set(x->note.root, numbers[i], list, NULL)))
            text_append(outside, size, "%s%u", *outside ? ", " : "", numbers[i]);
    }
    return ok;
}

struct strays {
    const cpu_set_t *cpus;
    int count;
};

static bool count_stray(pid_t tid, void *context)
{
    struct strays *s = context;
    cpu_set_t has;
    s->count += sched_getaffinity(tid, sizeof has, &has) == 0 && !is_within(&has, s->cpus);
    return true;
}

int enclosure_strays(const struct enclosure *x)
{
    struct strays s = { &x->cpus, 0 };
    return x->pid > 0 && serving_each(x->pid, count_stray, &s) ? s.count : -1;
}
