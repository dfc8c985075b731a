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

static const char HEAD[] = "tare-lab 1";

enum { AGENT_PREFIX = sizeof "agent." - 1 };

const char *lab_way_word(enum lab_way way) { return WAYS[way]; }

bool lab_record_print(const struct lab_record *record, char *text, size_t size, struct err *e)
{
    text[0] = '\0';
    bool fits = text_append(text, size, "%s\nname %s\nboot %s\nway %s\nstays %s\nshaped %s\nshifted %s\n", HEAD,
                            record->name, record->boot_id, WAYS[record->way], NO_YES[record->stays],
                            NO_YES[record->shaped], NO_YES[record->shifted]);
    for (enum lab_machine machine = 0; machine < LAB_MACHINE_COUNT; machine++) {
        const struct lab_process *holder = &record->machines[machine], *agent = &record->agents[machine];
        fits &= text_append(text, size, "%s %d %" PRIu64 "\n", lab_machine_word(machine), holder->pid, holder->started);
        if (agent->pid != 0)
            fits &= text_append(text, size, "agent.%s %d %" PRIu64 "\n", lab_machine_word(machine), agent->pid,
                                agent->started);
    }
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

static bool parse_process(const char *value, struct lab_process *process)
{
    char copy[64];
    int64_t pid, started;
    if (!text_copy(copy, sizeof copy, value))
        return false;
    char *space = strchr(copy, ' ');
    if (!space)
        return false;
    *space = '\0';
    /* 1 is this machine's own init, and kill(2) takes 0 and less for groups */
    if (!units_parse_int(copy, &pid, NULL) || pid < 2 || pid > INT32_MAX ||
        !units_parse_int(space + 1, &started, NULL) || started < 0)
        return false;
    *process = (struct lab_process){ (pid_t)pid, (uint64_t)started };
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
    bool is_agent = strncmp(key, "agent.", AGENT_PREFIX) == 0;
    int machine = lab_machine_from(is_agent ? key + AGENT_PREFIX : key);
    return machine >= 0 && parse_process(value, is_agent ? &record->agents[machine] : &record->machines[machine]);
}

static bool check_whole(const struct lab_record *record, struct err *e)
{
    bool whole = record->name[0] != '\0' && record->boot_id[0] != '\0';
    for (enum lab_machine machine = 0; machine < LAB_MACHINE_COUNT; machine++)
        whole &= record->machines[machine].pid != 0;
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
    for (int line = 2; rest && *rest != '\0'; line++) {
        char *value = strsep(&rest, "\n"), *key = strsep(&value, " ");
        if (!value || !parse_key(key, value, &parsed))
            return err_set(e, ERR_INTERNAL, "the lab's record, line %d: '%.40s' is not understood", line, key);
    }
    if (!check_whole(&parsed, e))
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
           lab_process_lives(&record->machines[LAB_SWITCH]);
}
