#include "lab/agents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/command.h"
#include "lab/network.h"
#include "run/keyring.h"

enum { ARGUMENTS_MOST = 64 };

static const struct {
    enum lab_machine machine;
    const char *program;
} AGENTS[] = {
    { LAB_HOST, "tare-node" },
    { LAB_PEER, "tare-netserver" },
};

static bool path_in(char *path, size_t size, const char *dir, const char *name, const char *suffix, struct err *e)
{
    path[0] = '\0';
    return text_append(path, size, "%s/%s%s", dir, name, suffix) ||
           err_set(e, ERR_USAGE, "the path '%.200s...' is too long", path);
}

/* From the directory of this very program: a build's own agents, not older ones that are installed. */
static bool program_path(const char *program, char *path, size_t size, struct err *e)
{
    char self[LAB_PATH];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return err_errno(e, errno, "cannot read '/proc/self/exe'");
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    return path_in(path, size, self, program, "", e);
}

bool lab_agents_check(struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(AGENTS); i++) {
        char path[LAB_PATH];
        if (!program_path(AGENTS[i].program, path, sizeof path, e))
            return false;
        if (access(path, X_OK) != 0) {
            err_errno(e, errno, "a lab needs '%s', which stands beside tare in every installation", path);
            if (e)
                e->exit = ERR_USAGE;
            return false;
        }
    }
    return true;
}

bool lab_agents_invite(const char *dir, struct err *e)
{
    struct keyring *keyring = NULL;
    bool ok = keyring_open(dir, &keyring, e);
    for (size_t i = 0; ok && i < ARRAY_SIZE(AGENTS); i++) {
        char path[LAB_PATH];
        const char *name = lab_machine_word(AGENTS[i].machine);
        struct invite invite;
        ok = path_in(path, sizeof path, dir, name, ".invite", e) &&
             keyring_invite(keyring, name, LAB_ENDPOINT, &invite, e) && invite_write(path, &invite, e);
        invite_wipe(&invite);
    }
    keyring_close(&keyring);
    return ok;
}

static bool start(struct lab_record *record, enum lab_machine machine, const char *program, const char *dir,
                  const char *const *more, struct err *e)
{
    char path[LAB_PATH], invite[LAB_PATH], log_path[LAB_PATH];
    const char *name = lab_machine_word(machine);
    const char *argv[ARGUMENTS_MOST + 1] = { path, "--invite", invite };
    size_t count = 3;
    for (; more && *more; more++) {
        if (count == ARGUMENTS_MOST)
            return err_set(e, ERR_USAGE, "more than %d arguments for %s", ARGUMENTS_MOST, program);
        argv[count++] = *more;
    }
    if (!program_path(program, path, sizeof path, e) || !path_in(invite, sizeof invite, dir, name, ".invite", e) ||
        !path_in(log_path, sizeof log_path, dir, name, ".log", e))
        return false;
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        return err_errno(e, errno, "cannot write '%s'", log_path);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct lab_command command = { machine, LAB_COMMAND_ALL, argv, null, log, log, true };
    pid_t pid;
    bool ok = lab_command_start(record, &command, &pid, e);
    close(log);
    if (null >= 0)
        close(null);
    if (ok && !lab_process_note(pid, &record->agents[machine], NULL))
        record->agents[machine] = (struct lab_process){ .pid = pid }; /* ended at once: never found alive */
    return ok;
}

bool lab_agents_start(struct lab_record *record, const char *dir, const struct lab_options *options, struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(AGENTS); i++) {
        const char *const *more = AGENTS[i].machine == LAB_HOST ? options->host_args : options->peer_args;
        if (!start(record, AGENTS[i].machine, AGENTS[i].program, dir, more, e))
            return false;
    }
    return true;
}
