#include "lab/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/agents.h"
#include "lab/command.h"
#include "lab/directory.h"
#include "lab/join.h"
#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/record.h"

struct lab {
    struct lab_record record; /* only the name where `has_record` is false */
    bool has_record;
    char dir[LAB_PATH];
};

const struct lab_node LAB_PLAIN_NODES[2] = { { "host", LAB_IS_HOST }, { "peer", LAB_IS_PEER } };

const char *lab_directory(const struct lab *lab) { return lab->dir; }
const char *lab_name(const struct lab *lab) { return lab->record.name; }

const char *lab_endpoint(const struct lab *lab) { return lab_network_endpoint(&lab->record); }

void lab_guest_address(const void *lab, size_t n, char *text, size_t size)
{
    char address[LAB_ADDRESS];
    text_copy(text, size, lab_network_guest_address(&((const struct lab *)lab)->record, n, address));
}

bool lab_machine_find(const struct lab *lab, const char *name, int *machine, struct err *e)
{
    const struct lab_record *record = &lab->record;
    char names[256] = "";
    *machine = lab_record_find(record, name);
    for (int i = 0; *machine < 0 && i < record->machine_count; i++)
        text_append(names, sizeof names, "%s%s", i == 0 ? "" : ", ", record->machines[i].name);
    return *machine >= 0 ||
           err_set(e, ERR_USAGE, "lab '%s' has no machine '%.64s'; it has: %s", record->name, name, names);
}

bool lab_is_alive(const struct lab *lab) { return lab->has_record && lab_record_lives(&lab->record); }

int lab_watch(const struct lab *lab)
{
    int fd = lab->has_record ? (int)syscall(SYS_pidfd_open, lab->record.machines[LAB_SWITCH].holder.pid, 0) : -1;
    if (fd >= 0 && !lab_is_alive(lab)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The handle of `name`, which has a directory. A record that cannot be read is that of a lab whose
 * building was cut short. */
static struct lab *handle(const char *name, struct err *e)
{
    struct lab *lab = calloc(1, sizeof *lab);
    if (!lab)
        err_set(e, ERR_INTERNAL, "out of memory");
    if (!lab || !lab_directory_path(name, lab->dir, sizeof lab->dir, e)) {
        free(lab);
        return NULL;
    }
    lab->has_record = lab_record_read(lab->dir, &lab->record, NULL);
    text_copy(lab->record.name, sizeof lab->record.name, name);
    return lab;
}

/* With the lock held: no lab is half-built, so what does not live is dead. */
static bool clear_dead(const char *name, struct err *e)
{
    struct lab *lab = handle(name, e);
    if (!lab)
        return false;
    bool ok = lab_is_alive(lab)
                  ? err_set(e, ERR_USAGE, "lab '%s' is up already: `tare lab down %s` ends it", name, name)
                  : lab_directory_clear(lab->dir, e);
    lab_close(&lab);
    return ok;
}

static void clear_all_dead(void)
{
    struct lab_names names;
    if (lab_list(&names, NULL))
        for (size_t i = 0; i < names.count; i++)
            (void)!clear_dead(names.names[i], NULL); /* those that live refuse */
}

/* The first of "run-1", "run-2", ... that has no directory. */
static bool free_name(char *name, size_t size, struct err *e)
{
    for (int number = 1; number <= LAB_MOST; number++) {
        char path[LAB_PATH];
        name[0] = '\0';
        text_append(name, size, "run-%d", number);
        if (!lab_directory_path(name, path, sizeof path, e))
            return false;
        if (access(path, F_OK) != 0)
            return true;
    }
    return err_set(e, ERR_USAGE, "%d labs are up: `tare lab down --all` ends them", LAB_MOST);
}

static bool choose_name(const struct lab_options *options, char *name, size_t size, struct err *e)
{
    if (!options->name)
        return free_name(name, size, e);
    if (!text_is_name(options->name) || !text_copy(name, size, options->name))
        return err_set(e, ERR_USAGE, "'%s' is no name for a lab: letters, digits, '-', '_' and '.', 63 at most",
                       options->name);
    return clear_dead(name, e);
}

/* Everything after the directory is there. */
static bool build(struct lab *lab, const struct lab_options *options, struct err *e)
{
    char log_path[LAB_PATH + 16] = "";
    int commit;
    struct lab_record *record = &lab->record;
    text_append(log_path, sizeof log_path, "%s/" LAB_LOG, lab->dir);
    if (!lab_namespaces_start(record, log_path, &commit, e))
        return false;
    bool ok = lab_network_make(record, e) && lab_agents_invite(record, lab->dir, e) &&
              lab_record_write(lab->dir, record, e) && lab_agents_start(record, lab->dir, options, e) &&
              lab_record_write(lab->dir, record, e);
    if (ok)
        return lab_namespaces_commit(commit, e);
    close(commit);
    if (!lab_namespaces_end(record, NULL))
        err_wrap(e, "its processes do not end; and first");
    return false;
}

static bool up_locked(const struct lab_options *options, struct lab *lab, struct err *e)
{
    struct lab_record *record = &lab->record;
    clear_all_dead();
    *record = (struct lab_record){
        .way = lab_namespaces_way(),
        .stays = options->stays,
        .shaped = !options->no_shaping,
        .shifted = !options->no_time_shift,
        .ipv6 = options->ipv6,
    };
    const struct lab_node *nodes = options->nodes ? options->nodes : LAB_PLAIN_NODES;
    size_t count = options->nodes ? options->node_count : ARRAY_SIZE(LAB_PLAIN_NODES);
    if (!lab_record_cast(record, nodes, count, e))
        return false;
    if (!choose_name(options, record->name, sizeof record->name, e) ||
        !lab_boot_id(record->boot_id, sizeof record->boot_id, e) ||
        !lab_directory_path(record->name, lab->dir, sizeof lab->dir, e) || !lab_directory_make(lab->dir, e))
        return false;
    lab->has_record = true;
    if (build(lab, options, e))
        return true;
    (void)!lab_directory_clear(lab->dir, NULL); /* what is left the next lab_up clears */
    return err_wrap(e, "lab '%s'", record->name);
}

bool lab_up(const struct lab_options *options, struct lab **lab, struct err *e)
{
    if (!lab_is_single_threaded(e) || !lab_agents_check(e))
        return false;
    int lock = lab_directory_lock(e);
    if (lock < 0)
        return false;
    struct lab *made = calloc(1, sizeof *made);
    bool ok = made ? up_locked(options, made, e) : err_set(e, ERR_INTERNAL, "out of memory");
    lab_directory_unlock(lock);
    if (!ok) {
        free(made);
        return false;
    }
    *lab = made;
    return true;
}

static bool find_only(struct lab **lab, struct err *e)
{
    struct lab_names names;
    struct lab *only = NULL;
    char listed[256] = "";
    size_t alive = 0;
    if (!lab_list(&names, e))
        return false;
    if (names.count == 0)
        return err_set(e, ERR_USAGE, "no lab is up: `tare lab up` makes one");
    for (size_t i = 0; i < names.count; i++) {
        struct lab *one = handle(names.names[i], e);
        if (!one) {
            lab_close(&only);
            return false;
        }
        text_append(listed, sizeof listed, "%s%s", i == 0 ? "" : ", ", names.names[i]);
        bool lives = lab_is_alive(one);
        if (!only || (lives && alive == 0)) {
            lab_close(&only);
            only = one;
        } else {
            lab_close(&one);
        }
        alive += lives;
    }
    if (alive == 1 || names.count == 1) {
        *lab = only;
        return true;
    }
    lab_close(&only);
    return err_set(e, ERR_USAGE, "there are several labs, say which: %s", listed);
}

bool lab_find(const char *name, struct lab **lab, struct err *e)
{
    if (!name)
        return find_only(lab, e);
    struct lab *found = handle(name, e);
    if (!found)
        return false;
    if (access(found->dir, F_OK) != 0) {
        lab_close(&found);
        return err_set(e, ERR_USAGE, "there is no lab '%s': `tare lab up %s` makes it", name, name);
    }
    *lab = found;
    return true;
}

bool lab_down(struct lab **lab, struct err *e)
{
    int lock = lab_directory_lock(e); /* not while it is being built */
    if (lock < 0)
        return false;
    struct lab *one = *lab;
    if (!one->has_record)
        one->has_record = lab_record_read(one->dir, &one->record, NULL);
    bool ok = (!one->has_record || lab_namespaces_end(&one->record, e)) && lab_directory_clear(one->dir, e);
    lab_directory_unlock(lock);
    if (ok)
        lab_close(lab);
    return ok;
}

void lab_close(struct lab **lab)
{
    free(*lab);
    *lab = NULL;
}

static bool check_alive(const struct lab *lab, struct err *e)
{
    return lab_is_alive(lab) ||
           err_set(e, ERR_USAGE, "lab '%s' is dead: `tare lab up %s` makes it anew", lab_name(lab), lab_name(lab));
}

bool lab_enter(const struct lab *lab, int machine, struct err *e)
{
    return lab_is_single_threaded(e) && check_alive(lab, e) && lab_join(&lab->record, machine, CLONE_NEWNET, e);
}

/* Says that the shaping is lifted, for whoever comes after one that was killed meanwhile. */
static const char LIFTED[] = "lifted";

bool lab_lift_shaping(const void *of, bool lifts, struct err *e)
{
    const struct lab *lab = of;
    char path[LAB_PATH + sizeof LIFTED] = "";
    text_append(path, sizeof path, "%s/%s", lab->dir, LIFTED);
    if (!lab->record.shaped || (access(path, F_OK) == 0) == lifts)
        return true;
    if (lifts) {
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
            return err_errno(e, errno, "cannot write '%s'", path);
        close(fd);
    }
    return (lab_network_shape(&lab->record, !lifts, e) || err_wrap(e, "the shaping of the lab's ports")) &&
           (lifts || unlink(path) == 0 || err_errno(e, errno, "cannot remove '%s'", path));
}

bool lab_spawn(const struct lab *lab, int machine, char *const argv[], const char *log_path, pid_t *pid, struct err *e)
{
    int log = -1, null = -1;
    if (!check_alive(lab, e))
        return false;
    if (log_path) {
        log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (log < 0)
            return err_errno(e, errno, "cannot write '%s'", log_path);
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    struct lab_command command = { machine, LAB_COMMAND_ALL, (const char *const *)argv, null, log, log, false };
    bool ok = lab_command_start(&lab->record, &command, pid, e);
    if (log >= 0)
        close(log);
    if (null >= 0)
        close(null);
    return ok;
}

void lab_tell_ended(const struct lab *lab) { lab_agents_tell_ended(&lab->record, lab->dir); }

static void status_line(FILE *to, const struct lab *lab)
{
    const struct lab_record *record = &lab->record;
    if (!lab_is_alive(lab)) {
        fprintf(to, "%s: dead; `tare lab down %s` clears it\n", record->name, record->name);
        return;
    }
    fprintf(to, "%s: up, init %d, made as %s, ", record->name, record->machines[LAB_SWITCH].holder.pid,
            lab_way_word(record->way));
    for (int i = LAB_COORDINATOR; i < record->machine_count; i++) {
        const struct lab_machine *machine = &record->machines[i];
        char address[LAB_ADDRESS];
        fprintf(to, "%s %s", machine->name, lab_network_address(record, i, address));
        if (machine->agent.pid != 0 && lab_process_lives(&machine->agent))
            fprintf(to, " (agent %d)", machine->agent.pid);
        else if (machine->agent.pid != 0)
            fprintf(to, " (agent has ended, see %s.log)", machine->name);
        fprintf(to, ", ");
    }
    fprintf(to, "%s, %s, %s\n", record->shaped ? "100 Mbit/s" : "not shaped",
            record->shifted ? "clocks years apart" : "one clock", lab->dir);
}

bool lab_status(FILE *to, size_t *count, struct err *e)
{
    struct lab_names names;
    if (!lab_list(&names, e))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        struct lab *lab = handle(names.names[i], e);
        if (!lab)
            return false;
        status_line(to, lab);
        lab_close(&lab);
    }
    *count = names.count;
    return true;
}
