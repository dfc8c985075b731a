/* The coordinator's port, and whether datagrams and the coordinator can be reached. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/small_file.h"
#include "base/text.h"
#include "doctor/checks.h"

enum { TABLE_MAX = 256 * 1024, LISTENING = 10 };

/* The field `number`, from 0, of a line whose fields stand between spaces; NULL when it has fewer. */
static const char *field(const char *line, int number)
{
    line += strspn(line, " ");
    for (; number > 0; number--) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    return *line && *line != '\n' ? line : NULL;
}

/* The socket on `port` in a table like /proc/net/tcp (proc(5)): its inode, 0 when there is none. */
static unsigned long find_socket(const char *table, unsigned port, bool is_tcp)
{
    enum { LOCAL = 1, STATE = 3, INODE = 9 };
    for (const char *line = strchr(table, '\n'); line; line = strchr(line, '\n')) {
        line++;
        const char *local = field(line, LOCAL), *state = field(line, STATE), *inode = field(line, INODE);
        const char *colon = inode ? strchr(local, ':') : NULL;
        if (colon && colon < state && strtoul(colon + 1, NULL, 16) == port &&
            (!is_tcp || strtoul(state, NULL, 16) == LISTENING))
            return strtoul(inode, NULL, 10);
    }
    return 0;
}

static unsigned long find_inode(const struct doctor_place *place, unsigned port, bool is_tcp)
{
    static const char *const TABLES[2][2] = { { "/proc/net/udp6", "/proc/net/udp" },
                                              { "/proc/net/tcp6", "/proc/net/tcp" } };
    char *table = malloc(TABLE_MAX);
    unsigned long inode = 0;
    for (int i = 0; table && i < 2 && inode == 0; i++)
        if (small_file_read(place->root, TABLES[is_tcp][i], table, TABLE_MAX))
            inode = find_socket(table, port, is_tcp);
    free(table);
    return inode;
}

static bool has_open(const struct doctor_place *place, const char *pid, const char *wanted)
{
    char path[64], full[PATH_MAX], target[64];
    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    DIR *fds = doctor_path(place, path, full, sizeof full) ? opendir(full) : NULL;
    bool found = false;
    for (struct dirent *fd; fds && !found && (fd = readdir(fds));) {
        ssize_t size = readlinkat(dirfd(fds), fd->d_name, target, sizeof target - 1);
        if (size <= 0)
            continue;
        target[size] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    if (fds)
        closedir(fds);
    return found;
}

/* "tare" and its pid, of who holds the port; false when that is not to be seen (another user's). */
static bool find_holder(const struct doctor_place *place, unsigned port, bool is_tcp, char *name, size_t size, int *pid)
{
    char full[PATH_MAX], wanted[64], path[64];
    unsigned long inode = find_inode(place, port, is_tcp);
    DIR *processes = inode != 0 && doctor_path(place, "/proc", full, sizeof full) ? opendir(full) : NULL;
    bool found = false;
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    for (struct dirent *entry; processes && !found && (entry = readdir(processes));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !has_open(place, entry->d_name, wanted))
            continue;
        snprintf(path, sizeof path, "/proc/%.20s/comm", entry->d_name);
        *pid = (int)strtol(entry->d_name, NULL, 10);
        found = small_file_read(place->root, path, name, size);
    }
    if (processes)
        closedir(processes);
    return found;
}

static void look_at(const struct doctor_place *place, bool is_tcp, struct doctor_report *report)
{
    int why = place->tries->bind_port(is_tcp ? SOCK_STREAM : SOCK_DGRAM, place->port), pid = 0;
    char holder[32];
    if (why == 0) {
        doctor_add(report, DOCTOR_OK, "", "%u is free", place->port);
    } else if (why != EADDRINUSE) {
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%u cannot be had: %s", place->port, strerror(why)),
                    "tare run --port PORT   # another one, above 1023");
    } else if (!find_holder(place, place->port, is_tcp, holder, sizeof holder, &pid)) {
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%u is in use by another user's program", place->port),
                    "%sss -%cnlp 'sport = :%u'   # who; or: tare run --port PORT", doctor_sudo(place),
                    is_tcp ? 't' : 'u', place->port);
    } else if (strcmp(holder, "tare") == 0) {
        doctor_add(report, DOCTOR_OK, "", "%u serves a run of tare (pid %d)", place->port, pid);
    } else {
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%u is in use by %s (pid %d)", place->port, holder, pid),
                    "stop that program, or: tare run --port PORT");
    }
}

void ports_tcp(const struct doctor_place *place, struct doctor_report *report) { look_at(place, true, report); }
void ports_udp(const struct doctor_place *place, struct doctor_report *report) { look_at(place, false, report); }

void ports_loopback(const struct doctor_place *place, struct doctor_report *report)
{
    int why = place->tries->udp_echo();
    if (why == 0)
        doctor_add(report, DOCTOR_OK, "", "a datagram came back");
    else
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "no datagram came back: %s", strerror(why)),
                    "%sip link set lo up; %snft list ruleset   # is UDP dropped?", doctor_sudo(place),
                    doctor_sudo(place));
}

/* "tcp://[::1]:5670" -> "::1", "5670". */
static bool split(const char *endpoint, char *host, size_t size, char *port, size_t port_size)
{
    static const char SCHEME[] = "tcp://";
    const char *colon = strrchr(endpoint, ':');
    if (strncmp(endpoint, SCHEME, sizeof SCHEME - 1) != 0 || !colon || colon < endpoint + sizeof SCHEME - 1)
        return false;
    const char *from = endpoint + sizeof SCHEME - 1, *to = colon;
    if (*from == '[' && to[-1] == ']' && to - from > 2) {
        from++;
        to--;
    }
    return to > from && snprintf(host, size, "%.*s", (int)(to - from), from) < (int)size &&
           text_copy(port, port_size, colon + 1);
}

void ports_reach(const struct doctor_place *place, struct doctor_report *report)
{
    char host[128], port[8];
    if (!*place->endpoint)
        return;
    if (!split(place->endpoint, host, sizeof host, port, sizeof port)) {
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "'%.80s' is not tcp://ADDRESS:PORT", place->endpoint),
                    "tare invite NAME --endpoint tcp://ADDRESS:PORT   # on the coordinator");
        return;
    }
    int why = place->tries->reach(host, port);
    if (why == 0)
        doctor_add(report, DOCTOR_OK, "", "%s port %s answers (UDP is tried when the node joins)", host, port);
    else if (why == ECONNREFUSED)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s is there, but no run listens on port %s", host, port),
                    "nothing: this agent joins as soon as `tare run` is started there");
    else if (why == ENOENT)
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "the name '%s' resolves to nothing here", host),
                    "getent hosts %s   # or invite anew: tare invite NAME --endpoint tcp://ADDRESS:%s", host, port);
    else
        doctor_mend(doctor_add(report, DOCTOR_FAIL, "", "%s port %s: %s", host, port, strerror(why)),
                    "ip route get %s; then let TCP and UDP port %s through the coordinator's firewall", host, port);
}
