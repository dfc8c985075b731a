#include "lab/agents.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/boot_note.h"
#include "base/cache_dir.h"
#include "base/log.h"
#include "base/text.h"
#include "lab/command.h"
#include "lab/directory.h"
#include "lab/network.h"
#include "run/keyring.h"

enum { ARGUMENTS_MOST = 64, LOG_END = 2048 };

/* NULL: such a machine has no agent. */
static const char *const PROGRAMS[LAB_KIND_COUNT] = { [LAB_IS_HOST] = "tare-node", [LAB_IS_PEER] = "tare-netserver" };

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
    for (size_t kind = 0; kind < LAB_KIND_COUNT; kind++) {
        char path[LAB_PATH];
        if (!PROGRAMS[kind])
            continue;
        if (!program_path(PROGRAMS[kind], path, sizeof path, e))
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

/* Before anything is made: as root and as an ordinary user alike a guest's port is a tap. */
static bool may_make_ports(struct err *e)
{
    static const char DEVICE[] = "/dev/net/tun";
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    bool is_closed = errno == EACCES || errno == EPERM;
    err_errno(e, errno, "a guest's network port needs %s: as root `%s`%s; scenarios/wire.yaml needs no guest", DEVICE,
              is_closed ? "chmod 666 /dev/net/tun" : "modprobe tun", is_closed ? ", or run tare as root" : "");
    if (e)
        e->exit = ERR_USAGE;
    return false;
}

/* Its news go on to the user; what it complains of is the caller's error. */
static void listen_to(FILE *from, const char *program, struct err *why)
{
    char line[1024], complaint[64] = "";
    text_append(complaint, sizeof complaint, "%s: %s: ", program, log_word(LOG_ERROR));
    const size_t head = strlen(complaint);
    while (fgets(line, sizeof line, from)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, complaint, head) == 0)
            err_set(why, ERR_USAGE, "%s", line + head);
        else
            fprintf(stderr, "%s\n", line);
    }
}

/* Run the agent of hosts to make something ready. */
static bool prepare(const char *option, struct err *e)
{
    const char *program = PROGRAMS[LAB_IS_HOST];
    struct err why = { .text = "" };
    char path[LAB_PATH];
    int status = 0, ends[2];
    if (!program_path(program, path, sizeof path, e))
        return false;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "no pipe for '%s'", program);
    pid_t child = fork();
    if (child == 0) {
        if (dup2(ends[1], STDERR_FILENO) >= 0)
            execl(path, path, option, (char *)NULL);
        _exit(LAB_COMMAND_NOT_FOUND);
    }
    const int reason = errno;
    close(ends[1]);
    FILE *from = child > 0 ? fdopen(ends[0], "r") : NULL;
    if (from)
        listen_to(from, program, &why);
    if (from)
        fclose(from);
    else
        close(ends[0]);
    if (child < 0)
        return err_errno(e, reason, "cannot start '%s'", path);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           err_set(e, ERR_USAGE, "%s", *why.text ? why.text : "the agent of hosts ended without a word");
}

bool lab_prepare_guests(struct err *e)
{
    return may_make_ports(e) &&
           (prepare("--prepare-guests", e) ||
            err_wrap(e, "this machine has not what a built-in guest needs (scenarios/wire.yaml needs none)"));
}

/* The agents' note, node/guests/accel.c. */
bool lab_has_no_kvm(void)
{
    char directory[LAB_PATH], note[LAB_PATH], why[160];
    note[0] = '\0';
    return access("/dev/kvm", R_OK | W_OK) != 0 ||
           (cache_dir_path("kvm", directory, sizeof directory) &&
            text_append(note, sizeof note, "%s/does_not_work", directory) && boot_note_read("", note, why, sizeof why));
}

bool lab_prepare_builds(struct err *e) { return prepare("--prepare-builds", e); }

bool lab_agents_invite(const struct lab_record *record, const char *dir, struct err *e)
{
    struct keyring *keyring = NULL;
    bool ok = keyring_open(dir, &keyring, e);
    for (int i = LAB_FIRST_NODE; ok && i < record->machine_count; i++) {
        char path[LAB_PATH];
        const char *name = record->machines[i].name;
        struct invite invite = { 0 };
        ok = path_in(path, sizeof path, dir, name, ".invite", e) &&
             keyring_invite(keyring, name, lab_network_endpoint(record), &invite, e) && invite_write(path, &invite, e);
        invite_wipe(&invite);
    }
    keyring_close(&keyring);
    return ok;
}

static bool start(struct lab_record *record, int number, const char *dir, const char *const *more, struct err *e)
{
    struct lab_machine *machine = &record->machines[number];
    char path[LAB_PATH], invite[LAB_PATH], log_path[LAB_PATH], libvirt[LAB_PATH + 64] = "";
    const char *name = machine->name, *program = PROGRAMS[machine->kind];
    const char *argv[ARGUMENTS_MOST + 1] = { path, "--invite", invite };
    size_t count = 3;
    if (machine->kind == LAB_IS_HOST) { /* its guests, by a libvirt of its own, without a daemon */
        text_append(libvirt, sizeof libvirt, "qemu:///embed?root=%s/" LAB_LIBVIRT "/%d", dir, number);
        argv[count++] = "--allow=guests";
        argv[count++] = "--allow=builds";
        argv[count++] = "--libvirt";
        argv[count++] = libvirt;
    }
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
    struct lab_command command = { number, LAB_COMMAND_ALL, argv, null, log, log, true };
    pid_t pid;
    bool ok = lab_command_start(record, &command, &pid, e);
    close(log);
    if (null >= 0)
        close(null);
    if (ok && !lab_process_note(pid, &machine->agent, NULL))
        machine->agent = (struct lab_process){ .pid = pid }; /* ended at once: never found alive */
    return ok;
}

bool lab_agents_start(struct lab_record *record, const char *dir, const struct lab_options *options, struct err *e)
{
    for (int i = LAB_FIRST_NODE; i < record->machine_count; i++)
        if (!start(record, i, dir, record->machines[i].kind == LAB_IS_HOST ? options->host_args : options->peer_args,
                   e))
            return false;
    return true;
}

/* The last of its log, a line a line. */
static void tell_end(const char *path, const char *whose)
{
    char text[LOG_END];
    FILE *file = fopen(path, "re");
    size_t got = 0;
    if (!file)
        return;
    bool is_cut = fseek(file, -(long)(sizeof text - 1), SEEK_END) == 0; /* else it is shorter than that */
    if (!is_cut)
        rewind(file);
    got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[got] = '\0';
    char *rest = NULL, *line = strtok_r(text, "\n", &rest);
    for (line = is_cut && line ? strtok_r(NULL, "\n", &rest) : line; line; line = strtok_r(NULL, "\n", &rest))
        log_error("%s log: %s", whose, line);
}

void lab_agents_tell_ended(const struct lab_record *record, const char *dir)
{
    char path[LAB_PATH], whose[LAB_NAME + 4];
    bool any = false;
    for (int i = LAB_FIRST_NODE; i < record->machine_count; i++) {
        const struct lab_machine *machine = &record->machines[i];
        if (machine->agent.pid == 0 || lab_process_lives(&machine->agent))
            continue;
        log_error("%s's agent has ended; what it said last:", machine->name);
        any = true;
        snprintf(whose, sizeof whose, "%s's", machine->name);
        if (path_in(path, sizeof path, dir, machine->name, ".log", NULL))
            tell_end(path, whose);
    }
    if (any && path_in(path, sizeof path, dir, LAB_LOG, "", NULL))
        tell_end(path, "the lab's"); /* what its init saw: which signal ended it */
}
