/* provider.h - one kind of virtualization: how guests are started, stopped and looked at.
 *
 * A provider is one const table. Its calls may block, so the keeper has them made on a thread of its
 * own; none is called by two threads at once. A failed call says whether the connection is lost, by
 * is_alive. A guest where an agent simply joins needs no provider at all.
 */
#ifndef TARE_PROVIDER_H
#define TARE_PROVIDER_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "catalogue/guest.h"

enum { DOMAIN_NAME = 64, DOMAINS_MAX = 128, MACHINE_STILLS = 2 };

/* What tare's own domains are called: this, the guest's name and a number. */
#define DOMAIN_PREFIX "tare-"

#define DOMAIN_STATES(S) \
    S(RUNNING, "running") S(PAUSED, "paused") S(OFF, "off") S(CRASHED, "crashed") S(CHANGING, "changing")
#define DOMAIN_STATE_ENUM(name, word) DOMAIN_##name,
enum domain_state { DOMAIN_STATES(DOMAIN_STATE_ENUM) DOMAIN_STATE_COUNT };

/* The facts of a virtual machine. */
struct domain {
    char name[DOMAIN_NAME];
    enum domain_state state;
    int vcpus;
    int64_t memory_bytes;
    char accel[8]; /* "kvm", "tcg"; "" where it is not told */
    bool is_ours;  /* made by tare: gone when it ends */
    pid_t pid;     /* of the process that is its machine; 0 where there is none */
};

/* What stands behind all domains: "QEMU 7.2.22, libvirt 9.0.0". */
struct provider_facts {
    char product[32], version[32], library[32];
    char uri[PATH_MAX];
};

/* A built-in guest, ready to be started. Texts are borrowed. */
struct machine {
    const char *name; /* the domain's */
    const struct guest_options *options;
    bool kvm;
    const char *kernel, *initrd, *command_line;
    const char *console; /* the file that gets what it writes on its serial line */
    const char *disk;    /* "" for none */
    const char *bridge;
    const char
        *stills[MACHINE_STILLS]; /* more disks, behind that one, which nobody writes to; NULL where there is none */
};

/* What its guest has for a disk. Words as libvirt's; "" where they are not said. */
struct domain_disk {
    char target[16]; /* "vda" */
    char format[16], cache[16], io[16];
    char path[PATH_MAX]; /* a file or a device; "" for neither */
};
enum { DOMAIN_DISKS_MAX = 8 };

/* Counters since the domain's start; -1 where they are not told. */
struct domain_statistics {
    enum domain_state state;
    int64_t cpu_ns;       /* all of it, as the provider sees it */
    int64_t exits;        /* of its vCPUs to the hypervisor */
    int64_t halt_poll_ns; /* burnt waiting for the next wake-up */
};

/* Somebody or something changed a domain. */
struct domain_event {
    char name[DOMAIN_NAME];
    enum domain_state state;
    char how[48]; /* "was destroyed", "shut down", "crashed" */
};

struct link; /* a connection, the provider's own */

struct provider {
    const char *name;
    const char *version; /* of tare: a module of another one is refused */
    size_t shape;        /* PROVIDER_SHAPE: so is one of the same version that was built with other structs */

    /* `uri` is the provider's own way to say where; NULL or "" tries what is usual. `may_start`: a
     * connection that only looks is not enough. */
    bool (*open)(const char *uri, bool may_start, struct link **link, struct err *e);
    void (*close)(struct link **link);
    bool (*is_alive)(struct link *link);
    bool (*facts)(struct link *link, struct provider_facts *facts, struct err *e);

    /* Every domain, running or not; those over `most` are left out. */
    bool (*domains)(struct link *link, struct domain *domains, size_t most, size_t *count, struct err *e);
    bool (*find)(struct link *link, const char *name, struct domain *domain, struct err *e);

    /* A new domain that is gone when it ends, and ends with the connection where that can be had. */
    bool (*create)(struct link *link, const struct machine *machine, struct err *e);
    /* An existing one that is off. */
    bool (*start)(struct link *link, const char *name, struct err *e);
    /* End it at once (ours), or ask it to shut down and wait `within_ns` for that. */
    bool (*stop)(struct link *link, const char *name, bool at_once, int64_t within_ns, struct err *e);
    /* Hold it, or let it go on. NULL where that cannot be had. */
    bool (*pause)(struct link *link, const char *name, bool pauses, struct err *e);
    /* One of ours: to `file`, which ends it, and back from there, running. NULL where that cannot be had. */
    bool (*save)(struct link *link, const char *name, const char *file, struct err *e);
    bool (*restore)(struct link *link, const char *name, const char *file, struct err *e);

    /* `brief`: state and cpu_ns alone, which is cheap enough for ten times a second. */
    bool (*statistics)(struct link *link, const char *name, bool brief, struct domain_statistics *s, struct err *e);

    /* Its disks, at most `most`. NULL: this kind does not tell. */
    bool (*disks)(struct link *link, const char *name, struct domain_disk *disks, size_t most, size_t *count,
                  struct err *e);

    /* What has happened since the last call; false when there is no more. `fd` becomes readable. */
    int (*fd)(struct link *link);
    bool (*next_event)(struct link *link, struct domain_event *event);
};

/* What changes when a struct that goes through this table does. */
#define PROVIDER_SHAPE                                                                                      \
    (sizeof(struct provider) + 3 * sizeof(struct domain) + 5 * sizeof(struct provider_facts) +              \
     7 * sizeof(struct machine) + 11 * sizeof(struct domain_disk) + 13 * sizeof(struct domain_statistics) + \
     17 * sizeof(struct domain_event) + 19 * sizeof(struct guest_options))

/* The one symbol that a module exports: const struct provider tare_provider. */
#define PROVIDER_SYMBOL "tare_provider"

#endif
