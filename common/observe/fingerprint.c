#include "fingerprint.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/meminfo.h"
#include "base/object_text.h"
#include "base/small_file.h"
#include "base/text.h"
#include "base/units.h"

#ifdef __clang__
#define COMPILER "clang " __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

enum { VALUE_MAX = OBJECT_TEXT_VALUE, CONFIG_MAX = 512 * 1024 };

/* The object as it grows. `root` as in the header. */
struct facts {
    const char *root;
    struct object_text to;
};

/* ---- reading ---- */

/* The value behind the first line "KEY<spaces>SEPARATOR value" of `text`. */
static bool find_line(const char *text, const char *key, char separator, char *value, size_t size)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *at = line + strlen(key);
        at += strspn(at, " \t");
        if (*at != separator)
            continue;
        at++;
        at += strspn(at, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
        return value[0] != '\0';
    }
    return false;
}

/* "always [madvise] never" -> "madvise"; a text without brackets stays. */
static void keep_chosen(char *text)
{
    char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
    if (!close)
        return;
    *close = '\0';
    memmove(text, open + 1, strlen(open + 1) + 1);
}

/* The value of a text that is a whole number, nothing else. */
static void add_number(struct facts *f, const char *key, const char *text)
{
    int64_t value;
    if (units_parse_int(text, &value, NULL))
        object_text_int(&f->to, key, value);
}

/* ---- the facts ---- */

enum kind { TEXT, CHOSEN, NUMBER, FLAG };

/* One file, one fact. Of several with one key the first that is there counts. */
static const struct {
    const char *key, *path;
    enum kind kind;
} FILES[] = {
    { "boot_id", "/proc/sys/kernel/random/boot_id", TEXT },
    { "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", TEXT },
    { "cpus_online", "/sys/devices/system/cpu/online", TEXT },
    { "cpus_isolated", "/sys/devices/system/cpu/isolated", TEXT },
    { "cpus_nohz_full", "/sys/devices/system/cpu/nohz_full", TEXT },
    { "smt_active", "/sys/devices/system/cpu/smt/active", FLAG },
    { "numa_nodes", "/sys/devices/system/node/online", TEXT },
    { "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", TEXT },
    { "frequency_driver", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", TEXT },
    { "turbo_off", "/sys/devices/system/cpu/intel_pstate/no_turbo", FLAG },
    { "boost", "/sys/devices/system/cpu/cpufreq/boost", FLAG },
    { "idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver", TEXT },
    { "idle_governor", "/sys/devices/system/cpu/cpuidle/current_governor", TEXT },
    { "halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns", NUMBER },
    { "guest_halt_poll_ns", "/sys/module/haltpoll/parameters/guest_halt_poll_ns", NUMBER },
    { "kvm_nested", "/sys/module/kvm_intel/parameters/nested", TEXT },
    { "kvm_nested", "/sys/module/kvm_amd/parameters/nested", TEXT },
    { "kvm_ept", "/sys/module/kvm_intel/parameters/ept", TEXT },
    { "kvm_npt", "/sys/module/kvm_amd/parameters/npt", TEXT },
    { "thp", "/sys/kernel/mm/transparent_hugepage/enabled", CHOSEN },
    { "thp_defrag", "/sys/kernel/mm/transparent_hugepage/defrag", CHOSEN },
    { "ksm", "/sys/kernel/mm/ksm/run", NUMBER },
    { "huge_pages", "/proc/sys/vm/nr_hugepages", NUMBER },
    { "swappiness", "/proc/sys/vm/swappiness", NUMBER },
    { "tcp_congestion", "/proc/sys/net/ipv4/tcp_congestion_control", TEXT },
    { "tcp_congestion_available", "/proc/sys/net/ipv4/tcp_available_congestion_control", TEXT },
    { "tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem", TEXT },
    { "tcp_wmem", "/proc/sys/net/ipv4/tcp_wmem", TEXT },
    { "tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps", NUMBER },
    { "tcp_sack", "/proc/sys/net/ipv4/tcp_sack", NUMBER },
    { "rmem_max", "/proc/sys/net/core/rmem_max", NUMBER },
    { "wmem_max", "/proc/sys/net/core/wmem_max", NUMBER },
    { "busy_poll", "/proc/sys/net/core/busy_poll", NUMBER },
    { "default_qdisc", "/proc/sys/net/core/default_qdisc", TEXT },
};

static void add_files(struct facts *f)
{
    const char *last = "";
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        char value[VALUE_MAX];
        if (strcmp(FILES[i].key, last) == 0 || !small_file_read(f->root, FILES[i].path, value, sizeof value))
            continue;
        last = FILES[i].key;
        for (char *tab = value; (tab = strchr(tab, '\t'));)
            *tab = ' ';
        switch (FILES[i].kind) {
        case CHOSEN: keep_chosen(value); /* fallthrough */
        case TEXT: object_text_string(&f->to, FILES[i].key, value); break;
        case NUMBER: add_number(f, FILES[i].key, value); break;
        case FLAG: object_text_bool(&f->to, FILES[i].key, strcmp(value, "0") != 0); break;
        }
    }
}

static bool exists(const struct facts *f, const char *path)
{
    char full[PATH_MAX] = "";
    return text_append(full, sizeof full, "%s%s", f->root, path) && access(full, F_OK) == 0;
}

/* The maker's name for the machine: DMI, a device tree's model, the hypervisor's own. */
static void add_product(struct facts *f)
{
    char vendor[128], name[128], product[2 * sizeof vendor + 2];
    if (small_file_read(f->root, "/sys/class/dmi/id/product_name", name, sizeof name)) {
        bool has_vendor = small_file_read(f->root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof vendor);
        snprintf(product, sizeof product, "%s%s%s", has_vendor ? vendor : "", has_vendor ? " " : "", name);
        object_text_string(&f->to, "product", product);
    } else if (small_file_read(f->root, "/sys/firmware/devicetree/base/model", name, sizeof name) ||
               small_file_read(f->root, "/sys/hypervisor/type", name, sizeof name)) {
        object_text_string(&f->to, "product", name);
    }
    /* The files by which container managers make themselves known (systemd's CONTAINER_INTERFACE,
     * docker, podman). */
    if (small_file_read(f->root, "/run/systemd/container", name, sizeof name))
        object_text_string(&f->to, "container", name);
    else if (exists(f, "/.dockerenv"))
        object_text_string(&f->to, "container", "docker");
    else if (exists(f, "/run/.containerenv"))
        object_text_string(&f->to, "container", "podman");
}

/* Is `word` among the words of `line`? */
static bool has_word(const char *line, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = line; (at = strstr(at, word)); at += length)
        if ((at == line || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static void add_cpu(struct facts *f)
{
    /* The first CPU's paragraph; that there are others of another kind is not looked at. */
    char text[VALUE_MAX * 2], value[VALUE_MAX], vendor[64];
    if (!small_file_read(f->root, "/proc/cpuinfo", text, sizeof text))
        return;
    if (find_line(text, "model name", ':', value, sizeof value) || find_line(text, "Model", ':', value, sizeof value))
        object_text_string(&f->to, "cpu_model", value);
    if (find_line(text, "microcode", ':', value, sizeof value))
        object_text_string(&f->to, "microcode", value);
    if (find_line(text, "flags", ':', value, sizeof value) || find_line(text, "Features", ':', value, sizeof value)) {
        /* x86 only: elsewhere no flag tells, so the key is absent. */
        if (find_line(text, "vendor_id", ':', vendor, sizeof vendor))
            object_text_bool(&f->to, "hypervisor", has_word(value, "hypervisor"));
        object_text_string(&f->to, "cpu_flags", value);
    }
}

static void add_memory(struct facts *f)
{
    static const struct {
        const char *key, *line;
    } LINES[] = { { "memory_bytes", "MemTotal" },
                  { "memory_available_bytes", "MemAvailable" },
                  { "swap_bytes", "SwapTotal" } };
    for (size_t i = 0; i < ARRAY_SIZE(LINES); i++) {
        int64_t bytes = meminfo_read(f->root, LINES[i].line);
        if (bytes >= 0)
            object_text_int(&f->to, LINES[i].key, bytes);
    }
}

/* "POLL C1E C6": the states that an idle CPU may enter; the deeper, the longer it takes to leave. */
static void add_idle_states(struct facts *f)
{
    enum { STATES_MOST = 16 };
    char states[256] = "", name[32], path[96], off[8];
    for (int i = 0; i < STATES_MOST; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cpuidle/state%d/name", i);
        if (!small_file_read(f->root, path, name, sizeof name))
            break;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cpuidle/state%d/disable", i);
        if (!small_file_read(f->root, path, off, sizeof off) || strcmp(off, "0") == 0)
            text_append(states, sizeof states, "%s%s", *states ? " " : "", name);
    }
    if (*states)
        object_text_string(&f->to, "idle_states", states);
}

/* What the boot loader told the kernel and a figure depends on: CPUs and memory that were left out,
 * mitigations and idle states that were turned off. */
static void add_boot_options(struct facts *f)
{
    static const char *const WORDS[] = { "maxcpus",
                                         "nr_cpus",
                                         "mem",
                                         "isolcpus",
                                         "nohz_full",
                                         "nosmt",
                                         "idle",
                                         "processor.max_cstate",
                                         "intel_idle.max_cstate",
                                         "highres",
                                         "mitigations",
                                         "transparent_hugepage",
                                         "clocksource",
                                         "tsc" };
    char line[VALUE_MAX], found[VALUE_MAX] = "";
    if (!small_file_read(f->root, "/proc/cmdline", line, sizeof line))
        return;
    for (char *rest = line, *word; (word = strsep(&rest, " "));)
        for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
            if (strcspn(word, "=") == strlen(WORDS[i]) && strncmp(word, WORDS[i], strlen(WORDS[i])) == 0)
                text_append(found, sizeof found, "%s%s", *found ? " " : "", word);
    if (*found)
        object_text_string(&f->to, "boot_options", found);
}

/* "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld ...": between who built the kernel and its number. */
static void add_kernel_compiler(struct facts *f)
{
    char text[VALUE_MAX];
    if (!small_file_read(f->root, "/proc/version", text, sizeof text))
        return;
    char *open = strstr(text, ") ("), *close = open ? strstr(open, ") #") : NULL;
    if (!close)
        return;
    *close = '\0';
    object_text_string(&f->to, "kernel_compiler", open + 3);
}

/* The CPUs that this process may use: fewer than are online where it is confined to some. */
static void add_cpus_allowed(struct facts *f)
{
    char text[VALUE_MAX], value[256];
    if (small_file_read(f->root, "/proc/self/status", text, sizeof text) &&
        find_line(text, "Cpus_allowed_list", ':', value, sizeof value))
        object_text_string(&f->to, "cpus_allowed", value);
}

static void add_kernel(struct facts *f)
{
    struct utsname name;
    if (uname(&name) != 0)
        return;
    char value[VALUE_MAX];
    bool has_release = small_file_read(f->root, "/proc/sys/kernel/osrelease", value, sizeof value);
    object_text_string(&f->to, "kernel", has_release ? value : name.release);
    char path[sizeof value + 32];
    snprintf(path, sizeof path, "/boot/config-%s", has_release ? value : name.release);
    if (small_file_read(f->root, "/proc/sys/kernel/version", value, sizeof value))
        object_text_string(&f->to, "kernel_version", value);
    object_text_string(&f->to, "arch", name.machine);
    /* How CPU time is accounted. Kernels that keep their configuration only in /proc/config.gz
     * leave these keys absent: nothing else here needs to unpack. */
    char *config = malloc(CONFIG_MAX);
    if (!config || !small_file_read(f->root, path, config, CONFIG_MAX)) {
        free(config);
        return;
    }
    static const struct {
        const char *key, *option;
    } OPTIONS[] = {
        { "config_nohz_idle", "CONFIG_NO_HZ_IDLE" },
        { "config_nohz_full", "CONFIG_NO_HZ_FULL" },
        { "config_irq_time_accounting", "CONFIG_IRQ_TIME_ACCOUNTING" },
        { "config_tick_accounting", "CONFIG_TICK_CPU_ACCOUNTING" },
        { "config_virt_accounting", "CONFIG_VIRT_CPU_ACCOUNTING_GEN" },
        { "config_preempt", "CONFIG_PREEMPT" },
    };
    if (find_line(config, "CONFIG_HZ", '=', value, sizeof value))
        add_number(f, "config_hz", value);
    for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++)
        object_text_bool(&f->to, OPTIONS[i].key, find_line(config, OPTIONS[i].option, '=', value, sizeof value));
    free(config);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* {"meltdown": "Mitigation: PTI", ...}, in order of name so that texts compare. */
static void add_mitigations(struct facts *f)
{
    static const char DIRECTORY[] = "/sys/devices/system/cpu/vulnerabilities";
    char path[PATH_MAX] = "";
    struct dirent **entries = NULL;
    if (!text_append(path, sizeof path, "%s%s", f->root, DIRECTORY))
        return;
    int count = scandir(path, &entries, is_visible, by_name);
    if (count < 0)
        return;
    char object[VALUE_MAX];
    struct object_text inner;
    object_text_open(&inner, object, sizeof object);
    for (int i = 0; i < count; i++) {
        char value[512];
        path[0] = '\0';
        if (text_is_name(entries[i]->d_name) &&
            text_append(path, sizeof path, "%s/%s", DIRECTORY, entries[i]->d_name) &&
            small_file_read(f->root, path, value, sizeof value))
            object_text_string(&inner, entries[i]->d_name, value);
        free(entries[i]);
    }
    free(entries);
    object_text_close(&inner);
    object_text_raw(&f->to, "mitigations", object);
}

bool fingerprint_write(const char *root, const struct netdevs *devs, char *json, size_t size, struct err *e)
{
    struct facts facts = { .root = root };
    if (!object_text_open(&facts.to, json, size))
        return err_set(e, ERR_INTERNAL, "a fingerprint needs more than %zu bytes", size);
    add_product(&facts);
    add_kernel(&facts);
    add_kernel_compiler(&facts);
    object_text_string(&facts.to, "agent_compiler", COMPILER);
    add_boot_options(&facts);
    add_memory(&facts);
    add_cpus_allowed(&facts);
    add_files(&facts);
    add_idle_states(&facts);
    add_mitigations(&facts);
    add_cpu(&facts);
    if (devs) /* last: there may be many */
        netdevs_write(devs, &facts.to);
    object_text_close(&facts.to);
    return true;
}
