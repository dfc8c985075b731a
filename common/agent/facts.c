#include "facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "observe/fingerprint.h"

void facts_boot_id(char *boot_id, size_t size)
{
    boot_id[0] = '\0';
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file)
        return;
    if (fgets(boot_id, (int)size, file))
        boot_id[strcspn(boot_id, "\n")] = '\0';
    fclose(file);
}

bool facts_collect(const struct agent *agent, struct message *m, struct err *e)
{
    m->type = MESSAGE_FACTS;
    struct message_facts *f = &m->facts;
    memset(f, 0, sizeof *f);
    for (size_t i = 0; agent->workloads[i]; i++) {
        const struct workload_info *info = catalogue_find(agent->workloads[i]->name);
        if (!info || !text_append(f->catalogue, sizeof f->catalogue, "%s %016" PRIx64 "\n", info->name,
                                  catalogue_signature(info)))
            return err_set(e, ERR_INTERNAL, "'%s' does not fit into the catalogue", agent->workloads[i]->name);
    }
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    f->cpus = cpus > 0 ? (uint32_t)cpus : 1;
    struct netdevs devs;
    bool knows_devs = netdevs_read(&devs, NULL);
    return fingerprint_write("", knows_devs ? &devs : NULL, f->fingerprint, sizeof f->fingerprint, e);
}
