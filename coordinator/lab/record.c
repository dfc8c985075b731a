#include "lab/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"

#define LAB_WAY_WORD(name, word) word,
static const char *const WAYS[] = { LAB_WAYS(LAB_WAY_WORD) };
static const char *const NO_YES[] = { "no", "yes" };

static const char HEAD[] = "tare-lab 2", TAIL[] = "end";

#define LAB_KIND_WORD(name, word) word,
static const char *const KINDS[] = { LAB_KINDS(LAB_KIND_WORD) };

const char *lab_way_word(enum lab_way way) { return WAYS[way]; }

/* ---- the machines ---- */

static bool add_machine(struct lab_record *record, const char *name, enum lab_kind kind, struct err *e)
{
    if (!text_is_name(name) || strlen(name) >= LAB_NAME)
        return err_set(e, ERR_USAGE, "'%.70s' is no name for a machine of a lab", name);
    if (lab_record_find(record, name) >= 0)
        return err_set(e, ERR_USAGE, "a lab has only one machine '%s': call the node otherwise", name);
    if (record->machine_count == LAB_MACHINES_MOST)
        return err_set(e, ERR_USAGE, "a lab has room for %d hosts and peers", LAB_NODES_MOST);
    struct lab_machine *machine = &record->machines[record->machine_count++];
    *machine = (struct lab_machine){ .kind = kind };
    text_copy(machine->name, sizeof machine->name, name);
    return true;
}

bool lab_record_cast(struct lab_record *record, const struct lab_node *nodes, size_t count, struct err *e)
{
    record->machine_count = 0;
    bool ok = add_machine(record, KINDS[LAB_IS_SWITCH], LAB_IS_SWITCH, e) &&
              add_machine(record, KINDS[LAB_IS_COORDINATOR], LAB_IS_COORDINATOR, e);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_machine(record, nodes[i].name, nodes[i].kind, e);
    return ok;
}

int lab_record_find(const struct lab_record *record, const char *name)
{
    for (int i = 0; i < record->machine_count; i++)
        if (strcmp(record->machines[i].name, name) == 0)
            return i;
    return -1;
}

/* ---- as text ---- */

bool lab_record_print(const struct lab_record *record, char *text, size_t size, struct err *e)
{
    text[0] = '\0';
    bool fits = text_append(text, size, "%s\nname %s\nboot %s\nway %s\nstays %s\nshaped %s\nshifted %s\nipv6 %s\n",
                            HEAD, record->name, record->boot_id, WAYS[record->way], NO_YES[record->stays],
                            NO_YES[record->shaped], NO_YES[record->shifted], NO_YES[record->ipv6]);
    for (int i = 0; i < record->machine_count; i++) {
        const struct lab_machine *machine = &record->machines[i];
        fits &= text_append(text, size, "%s %s %d %" PRIu64 "\n", KINDS[machine->kind], machine->name,
                            machine->holder.pid, machine->holder.started);
        if (machine->agent.pid != 0)
            fits &= text_append(text, size, "agent %s %d %" PRIu64 "\n", machine->name, machine->agent.pid,
                                machine->agent.started);
    }
    fits &= text_append(text, size, "%s\n", TAIL);
    if (!fits)
        return err_set(e, ERR_INTERNAL, "lab '%s': its record is too long", record->name);
    return true;
}

static int word_index(const char *word, const char *const words[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    return -1;
}

static bool parse_flag(const char *value, bool *flag)
{
    int index = word_index(value, NO_YES, ARRAY_SIZE(NO_YES));
    if (index < 0)
        return false;
    *flag = index == 1;
    return true;
}

/* "NAME PID START" */
static bool parse_process(const char *value, char name[LAB_NAME], struct lab_process *process)
{
    char copy[LAB_NAME + 64], *rest = copy;
    int64_t pid, started;
    if (!text_copy(copy, sizeof copy, value))
        return false;
    const char *words[3];
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (!(words[i] = strsep(&rest, " ")))
            return false;
    /* 1 is this machine's own init, and kill(2) takes 0 and less for groups */
    if (rest || !units_parse_int(words[1], &pid, NULL) || pid < 2 || pid > INT32_MAX ||
        !units_parse_int(words[2], &started, NULL) || started < 0)
        return false;
    *process = (struct lab_process){ (pid_t)pid, (uint64_t)started };
    return text_copy(name, LAB_NAME, words[0]);
}

static bool parse_machine(const char *value, enum lab_kind kind, struct lab_record *record)
{
    char name[LAB_NAME];
    struct lab_process holder;
    if (!parse_process(value, name, &holder) || !add_machine(record, name, kind, NULL))
        return false;
    /* The switch and the coordinator come first, in this order, under these names, and nowhere else. */
    int at = record->machine_count - 1;
    if (at < LAB_FIRST_NODE ? (int)kind != at || strcmp(name, KINDS[at]) != 0 : kind < LAB_IS_HOST)
        return false;
    record->machines[record->machine_count - 1].holder = holder;
    return true;
}

static bool parse_agent(const char *value, struct lab_record *record)
{
    char name[LAB_NAME];
    struct lab_process agent;
    int machine = parse_process(value, name, &agent) ? lab_record_find(record, name) : -1;
    if (machine < LAB_FIRST_NODE)
        return false;
    record->machines[machine].agent = agent;
    return true;
}

static bool parse_key(const char *key, const char *value, struct lab_record *record)
{
    if (strcmp(key, "name") == 0)
        return text_is_name(value) && text_copy(record->name, sizeof record->name, value);
    if (strcmp(key, "boot") == 0)
        return text_is_name(value) && text_copy(record->boot_id, sizeof record->boot_id, value);
    if (strcmp(key, "way") == 0) {
        int way = word_index(value, WAYS, ARRAY_SIZE(WAYS));
        if (way >= 0)
            record->way = (enum lab_way)way;
        return way >= 0;
    }
    if (strcmp(key, "stays") == 0)
        return parse_flag(value, &record->stays);
    if (strcmp(key, "shaped") == 0)
        return parse_flag(value, &record->shaped);
    if (strcmp(key, "shifted") == 0)
        return parse_flag(value, &record->shifted);
    if (strcmp(key, "ipv6") == 0)
        return parse_flag(value, &record->ipv6);
    if (strcmp(key, "agent") == 0)
        return parse_agent(value, record);
    int kind = word_index(key, KINDS, ARRAY_SIZE(KINDS));
    return kind >= 0 && parse_machine(value, (enum lab_kind)kind, record);
}

static bool check_whole(const struct lab_record *record, bool has_tail, struct err *e)
{
    bool whole =
        has_tail && record->name[0] != '\0' && record->boot_id[0] != '\0' && record->machine_count >= LAB_FIRST_NODE;
    return whole || err_set(e, ERR_INTERNAL, "the lab's record is not whole");
}

bool lab_record_parse(const char *text, struct lab_record *record, struct err *e)
{
    char copy[LAB_RECORD_TEXT], *rest = copy;
    if (!text_copy(copy, sizeof copy, text))
        return err_set(e, ERR_INTERNAL, "the lab's record is too long");
    struct lab_record parsed = { 0 };
    const char *head = strsep(&rest, "\n");
    if (strcmp(head, HEAD) != 0)
        return err_set(e, ERR_INTERNAL, "the lab's record does not begin with '%s'", HEAD);
    bool has_tail = false;
    for (int line = 2; rest && *rest != '\0'; line++) {
        char *value = strsep(&rest, "\n"), *key = strsep(&value, " ");
        has_tail = strcmp(key, TAIL) == 0 && !value && rest && *rest == '\0';
        if (!has_tail && (!value || !parse_key(key, value, &parsed)))
            return err_set(e, ERR_INTERNAL, "the lab's record, line %d: '%.40s' is not understood", line, key);
    }
    if (!check_whole(&parsed, has_tail, e))
        return false;
    *record = parsed;
    return true;
}

bool lab_stat_parse(const char *stat, char *state, uint64_t *started)
{
    enum { STATE_FIELD = 3, START_FIELD = 22 };
    const char *at = strrchr(stat, ')'); /* the end of field 2, the only one that may hold spaces */
    for (int field = STATE_FIELD; field <= START_FIELD && at; field++) {
        at = strchr(at, ' ');
        at += at != NULL;
        if (field == STATE_FIELD && at)
            stat = at;
    }
    char *end = NULL;
    unsigned long long ticks = at && at[0] >= '0' && at[0] <= '9' ? strtoull(at, &end, 10) : 0;
    if (!end || (*end != ' ' && *end != '\0'))
        return false;
    *state = stat[0];
    *started = ticks;
    return true;
}

static bool read_text(const char *path, char *text, size_t size, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(e, errno, "cannot open '%s'", path);
    ssize_t got = read(fd, text, size - 1);
    int error = errno;
    close(fd);
    if (got < 0)
        return err_errno(e, error, "cannot read '%s'", path);
    text[got] = '\0';
    return true;
}

bool lab_record_read(const char *dir, struct lab_record *record, struct err *e)
{
    char path[LAB_PATH] = "", text[LAB_RECORD_TEXT];
    if (!text_append(path, sizeof path, "%s/record", dir))
        return err_set(e, ERR_INTERNAL, "the path '%s' is too long", dir);
    return read_text(path, text, sizeof text, e) && lab_record_parse(text, record, e);
}

bool lab_record_write(const char *dir, const struct lab_record *record, struct err *e)
{
    char text[LAB_RECORD_TEXT], path[LAB_PATH] = "", fresh[LAB_PATH] = "";
    if (!lab_record_print(record, text, sizeof text, e))
        return false;
    if (!text_append(path, sizeof path, "%s/record", dir) || !text_append(fresh, sizeof fresh, "%s/record.new", dir))
        return err_set(e, ERR_INTERNAL, "the path '%s' is too long", dir);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(e, errno, "cannot write '%s'", fresh);
    ssize_t length = (ssize_t)strlen(text);
    bool written = write(fd, text, (size_t)length) == length;
    int error = errno;
    close(fd);
    if (!written)
        return err_errno(e, error, "cannot write '%s'", fresh);
    if (rename(fresh, path) != 0)
        return err_errno(e, errno, "cannot write '%s'", path);
    return true;
}

bool lab_boot_id(char *text, size_t size, struct err *e)
{
    char all[64];
    if (!read_text("/proc/sys/kernel/random/boot_id", all, sizeof all, e))
        return false;
    all[strcspn(all, "\n")] = '\0';
    if (!text_copy(text, size, all))
        return err_set(e, ERR_INTERNAL, "the boot id '%s' is too long", all);
    return true;
}

bool lab_process_note(pid_t pid, struct lab_process *process, struct err *e)
{
    char path[64] = "", stat[1024], state;
    uint64_t started;
    text_append(path, sizeof path, "/proc/%d/stat", pid);
    if (!read_text(path, stat, sizeof stat, e))
        return false;
    if (!lab_stat_parse(stat, &state, &started))
        return err_set(e, ERR_INTERNAL, "'%s' is not understood", path);
    if (state == 'Z' || state == 'X')
        return err_set(e, ERR_INTERNAL, "process %d has ended", pid);
    *process = (struct lab_process){ pid, started };
    return true;
}

bool lab_process_lives(const struct lab_process *process)
{
    struct lab_process now = { 0 };
    return process->pid > 0 && lab_process_note(process->pid, &now, NULL) && now.started == process->started;
}

bool lab_record_lives(const struct lab_record *record)
{
    char boot_id[LAB_BOOT_ID];
    return lab_boot_id(boot_id, sizeof boot_id, NULL) && strcmp(boot_id, record->boot_id) == 0 &&
           lab_process_lives(&record->machines[LAB_SWITCH].holder);
}
