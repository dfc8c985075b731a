#include "lab/network.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/command.h"

enum { BATCH_SIZE = 2048 };

/* What 100BASE-TX carries: 94.15 Mbit/s of TCP payload. tbf counts 1514 bytes for a frame that takes
 * 1538 on the wire (preamble, FCS, gap), hence the overhead; a shorter limit drops, and with segments
 * cut small (offloads off) the burst would not hold one: both showed as thousands of retransmits. */
static const char SHAPE[] = "qdisc add dev %s root tbf rate 100mbit burst 16kb limit 512kb overhead 24\n";

static const struct {
    const char *address;
    const char *mac;  /* fixed, so that a bridge does not take that of a guest's tap later: neighbours would lose it */
    const char *port; /* the switch's end */
} MACHINES[LAB_MACHINE_COUNT] = {
    [LAB_HOST] = { LAB_SUBNET ".2", "02:74:61:72:65:02", "sw-host" },
    [LAB_PEER] = { LAB_SUBNET ".3", "02:74:61:72:65:03", "sw-peer" },
    [LAB_COORDINATOR] = { LAB_SUBNET ".1", "02:74:61:72:65:01", "sw-coord" },
};

/* What the tools say where this kernel lacks something, and what to do then. */
static const struct {
    const char *tool, *says, *advice;
} LACKS[] = {
    { "tc", "qdisc kind is unknown", "this kernel has no tbf: `modprobe sch_tbf` as root, or `--no-shaping`" },
    { "tc", "No such file or directory", "this kernel has no tbf: `modprobe sch_tbf` as root, or `--no-shaping`" },
    { "ip", "Unknown device type", "this kernel has no bridge or veth: `modprobe -a bridge veth` as root" },
    { "ip", "not supported", "this kernel has no bridge or veth: `modprobe -a bridge veth` as root" },
};

const char *lab_network_address(enum lab_machine machine) { return MACHINES[machine].address; }

static int memory_file(const char *name, const char *text)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    size_t size = strlen(text);
    if (fd >= 0 && (write(fd, text, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The first line that the tool wrote, and advice where it is known. */
static bool tool_failed(const char *tool, enum lab_machine machine, int output, struct err *e)
{
    char text[256];
    ssize_t got = pread(output, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    const char *advice = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(LACKS) && !advice; i++)
        if (strcmp(LACKS[i].tool, tool) == 0 && strstr(text, LACKS[i].says))
            advice = LACKS[i].advice;
    text[strcspn(text, "\n")] = '\0';
    return err_set(e, advice ? ERR_USAGE : ERR_INTERNAL, "%s on machine '%s': %s%s%s", tool, lab_machine_word(machine),
                   text[0] != '\0' ? text : "failed without a word", advice ? ": " : "", advice ? advice : "");
}

/* `tool -batch -` on `machine`, fed with `batch`. */
static bool run_tool(const struct lab_record *record, enum lab_machine machine, const char *tool, const char *batch,
                     struct err *e)
{
    const char *argv[] = { tool, "-batch", "-", NULL };
    int input = memory_file("batch", batch), output = memory_file("output", "");
    struct lab_command command = { machine, CLONE_NEWNET, argv, input, output, output, false };
    pid_t pid;
    int status = 0;
    bool ok = (input >= 0 && output >= 0) || err_errno(e, errno, "cannot make a memory file");
    if (ok && !lab_command_start(record, &command, &pid, e)) {
        ok = false;
        if (e && e->exit == ERR_USAGE && strstr(e->text, "cannot run"))
            err_wrap(e, "install the package 'iproute2'");
    }
    if (ok) {
        pid_t ended;
        do
            ended = waitpid(pid, &status, 0);
        while (ended < 0 && errno == EINTR);
        ok = (ended == pid && status == 0) || tool_failed(tool, machine, output, e);
    }
    if (input >= 0)
        close(input);
    if (output >= 0)
        close(output);
    return ok;
}

static bool make_switch(const struct lab_record *record, struct err *e)
{
    char batch[BATCH_SIZE] = "link set lo up\n"
                             "link add sw0 type bridge stp_state 0 mcast_snooping 0\n"
                             "link set sw0 up\n";
    bool fits = true;
    for (enum lab_machine machine = LAB_HOST; machine < LAB_MACHINE_COUNT; machine++) {
        const char *port = MACHINES[machine].port;
        fits &= text_append(batch, sizeof batch,
                            "link add %s type veth peer name eth0 address %s netns %d\n"
                            "link set %s master sw0 up\n",
                            port, MACHINES[machine].mac, record->machines[machine].pid, port);
    }
    return (fits || err_set(e, ERR_INTERNAL, "the switch is too large")) &&
           run_tool(record, LAB_SWITCH, "ip", batch, e);
}

static bool make_machine(const struct lab_record *record, enum lab_machine machine, struct err *e)
{
    char batch[BATCH_SIZE] = "link set lo up\n";
    const char *bridge = machine == LAB_HOST ? "br0" : NULL;
    bool fits = true;
    if (bridge)
        fits = text_append(batch, sizeof batch,
                           "link add %s address %s type bridge stp_state 0 mcast_snooping 0\n"
                           "link set eth0 master %s\n"
                           "link set %s up\n",
                           bridge, MACHINES[machine].mac, bridge, bridge);
    fits &= text_append(batch, sizeof batch, "link set eth0 up\naddr add %s/24 dev %s\n", MACHINES[machine].address,
                        bridge ? bridge : "eth0");
    return (fits || err_set(e, ERR_INTERNAL, "the machine is too large")) && run_tool(record, machine, "ip", batch, e);
}

static bool shape(const struct lab_record *record, struct err *e)
{
    char ports[BATCH_SIZE] = "", port[256];
    for (enum lab_machine machine = LAB_HOST; machine < LAB_MACHINE_COUNT; machine++) {
        port[0] = '\0';
        if (!text_append(ports, sizeof ports, SHAPE, MACHINES[machine].port) ||
            !text_append(port, sizeof port, SHAPE, "eth0"))
            return err_set(e, ERR_INTERNAL, "the switch is too large");
        if (!run_tool(record, machine, "tc", port, e))
            return false;
    }
    return run_tool(record, LAB_SWITCH, "tc", ports, e);
}

bool lab_network_make(const struct lab_record *record, struct err *e)
{
    if (!make_switch(record, e))
        return false;
    for (enum lab_machine machine = LAB_HOST; machine < LAB_MACHINE_COUNT; machine++)
        if (!make_machine(record, machine, e))
            return false;
    return !record->shaped || shape(record, e);
}
