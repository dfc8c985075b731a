#include "lab/network.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/command.h"

enum { BATCH_SIZE = 16 * 1024, PORT_NAME = IFNAMSIZ, MAC = sizeof "02:74:61:72:65:00" };

#define SUBNET_IPV4 "10.77.0."
#define SUBNET_IPV6 "fd74:6172:65::" /* of those that everybody may give himself (RFC 4193): "tare" */
#define PORT ":5670"

/* What 100BASE-TX carries: 94.15 Mbit/s of TCP payload. tbf counts 1514 bytes for a frame that takes
 * 1538 on the wire (preamble, FCS, gap), hence the overhead; a shorter limit drops, and with segments
 * cut small (offloads off) the burst would not hold one: both showed as thousands of retransmits. The overhead is
 * counted once for whatever is queued, so a guest, whose packets come from its tap in pieces of up to 16 KB, sends up
 * to 94.6 Mbit/s. A peak rate (`peakrate 10gbit mtu 2000`) has tbf cut them into frames, each counted, and 94.1 come
 * out; but its timer then interrupts for each frame, and starts beside a filled port were 7 us apart in place of 3
 * (medians of 40). */
static const char SHAPE[] = "qdisc replace dev %s root tbf rate 100mbit burst 16kb limit 512kb overhead 24\n";

/* What the tools say where this kernel lacks something, and what to do then. */
static const struct {
    const char *tool, *says, *advice;
} LACKS[] = {
    { "tc", "qdisc kind is unknown", "this kernel has no tbf: `modprobe sch_tbf` as root, or `--no-shaping`" },
    { "tc", "No such file or directory", "this kernel has no tbf: `modprobe sch_tbf` as root, or `--no-shaping`" },
    { "ip", "Unknown device type", "this kernel has no bridge or veth: `modprobe -a bridge veth` as root" },
    { "ip", "not supported", "this kernel has no bridge or veth: `modprobe -a bridge veth` as root" },
};

const char *lab_network_address(const struct lab_record *record, int machine, char out[LAB_ADDRESS])
{
    snprintf(out, LAB_ADDRESS, record->ipv6 ? SUBNET_IPV6 "%x" : SUBNET_IPV4 "%d", machine);
    return out;
}

const char *lab_network_endpoint(const struct lab_record *record)
{
    return record->ipv6 ? "tcp://[" SUBNET_IPV6 "1]" PORT : "tcp://" SUBNET_IPV4 "1" PORT;
}

/* Fixed, so that a bridge does not take that of a guest's tap later: neighbours would lose it. */
static const char *mac_of(int machine, char out[MAC])
{
    snprintf(out, MAC, "02:74:61:72:65:%02x", (unsigned)machine & 0xffU);
    return out;
}

/* The switch's end of the cable. */
static const char *port_of(const struct lab_record *record, int machine, char out[PORT_NAME])
{
    out[0] = '\0';
    if (!text_append(out, PORT_NAME, "sw-%s", record->machines[machine].name))
        snprintf(out, PORT_NAME, "port%d", machine); /* the kernel takes 15 characters at most */
    return out;
}

const char *lab_network_guest_address(const struct lab_record *record, size_t n, char out[LAB_ADDRESS])
{
    enum { FIRST = 100, MOST = 150 }; /* behind those of the machines */
    const int number = FIRST + (int)(n % MOST);
    snprintf(out, LAB_ADDRESS, record->ipv6 ? SUBNET_IPV6 "%x/64" : SUBNET_IPV4 "%d/24", (unsigned)number);
    return out;
}

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
static bool tool_failed(const char *tool, const char *machine, int output, struct err *e)
{
    char text[256];
    ssize_t got = pread(output, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    const char *advice = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(LACKS) && !advice; i++)
        if (strcmp(LACKS[i].tool, tool) == 0 && strstr(text, LACKS[i].says))
            advice = LACKS[i].advice;
    text[strcspn(text, "\n")] = '\0';
    return err_set(e, advice ? ERR_USAGE : ERR_INTERNAL, "%s on machine '%s': %s%s%s", tool, machine,
                   text[0] != '\0' ? text : "failed without a word", advice ? ": " : "", advice ? advice : "");
}

/* `tool -batch -` on `machine`, fed with `batch`. */
static bool run_tool(const struct lab_record *record, int machine, const char *tool, const char *batch, struct err *e)
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
        ok = (ended == pid && status == 0) || tool_failed(tool, record->machines[machine].name, output, e);
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
    for (int i = LAB_COORDINATOR; i < record->machine_count; i++) {
        char port[PORT_NAME], mac[MAC];
        port_of(record, i, port);
        fits &= text_append(batch, sizeof batch,
                            "link add %s type veth peer name eth0 address %s netns %d\n"
                            "link set %s master sw0 up\n",
                            port, mac_of(i, mac), record->machines[i].holder.pid, port);
    }
    return (fits || err_set(e, ERR_INTERNAL, "the switch is too large")) &&
           run_tool(record, LAB_SWITCH, "ip", batch, e);
}

static bool make_machine(const struct lab_record *record, int machine, struct err *e)
{
    char batch[BATCH_SIZE] = "link set lo up\n", address[LAB_ADDRESS], mac[MAC];
    const char *bridge = record->machines[machine].kind == LAB_IS_HOST ? "br0" : NULL;
    bool fits = true;
    if (bridge)
        fits = text_append(batch, sizeof batch,
                           "link add %s address %s type bridge stp_state 0 mcast_snooping 0\n"
                           "link set eth0 master %s\n"
                           "link set %s up\n",
                           bridge, mac_of(machine, mac), bridge, bridge);
    /* nodad: an address of IPv6 would be of no use for a second or two. */
    fits &= text_append(batch, sizeof batch, "link set eth0 up\naddr add %s/%s dev %s\n",
                        lab_network_address(record, machine, address), record->ipv6 ? "64 nodad" : "24",
                        bridge ? bridge : "eth0");
    return (fits || err_set(e, ERR_INTERNAL, "the machine is too large")) && run_tool(record, machine, "ip", batch, e);
}

static const char LIFT[] = "qdisc del dev %s root\n";

bool lab_network_shape(const struct lab_record *record, bool is_shaped, struct err *e)
{
    const char *const line = is_shaped ? SHAPE : LIFT;
    char ports[BATCH_SIZE] = "", port[256] = "", name[PORT_NAME];
    bool fits = text_append(port, sizeof port, line, "eth0");
    for (int i = LAB_COORDINATOR; i < record->machine_count; i++) {
        fits &= text_append(ports, sizeof ports, line, port_of(record, i, name));
        if (!fits)
            return err_set(e, ERR_INTERNAL, "the switch is too large");
        if (!run_tool(record, i, "tc", port, e))
            return false;
    }
    return run_tool(record, LAB_SWITCH, "tc", ports, e);
}

bool lab_network_make(const struct lab_record *record, struct err *e)
{
    if (!make_switch(record, e))
        return false;
    for (int i = LAB_COORDINATOR; i < record->machine_count; i++)
        if (!make_machine(record, i, e))
            return false;
    return !record->shaped || lab_network_shape(record, true, e);
}
