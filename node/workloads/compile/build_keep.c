#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/directory.h"
#include "workloads/compile/build_place.h"

/* By the agent itself, outside of the cage: who builds may not write there. */
void build_place_keep(struct build_place *p)
{
    static const char *const ENVIRONMENT[] = { NULL };
    char objects[PATH_MAX], fresh[PATH_MAX + 8];
    const char *const argv[] = { "cp", "-a", "--no-preserve=ownership", objects, fresh, NULL };
    const struct build_watch watch = { .cancel_fd = p->order.cancel_fd, .deadline_mono = p->order.deadline_mono };
    struct cage_result result;
    struct build_run run;
    if (!*p->kept || !directory_make_all(p->order.prepared, 0755, NULL))
        return;
    snprintf(objects, sizeof objects, "%s/objects", p->scratch.path);
    snprintf(fresh, sizeof fresh, "%s.new", p->kept);
    build_run_init(&run);
    run.command.words[0] = argv[0];
    bool ok = directory_remove_all(fresh, NULL) && build_log_open(&run.log, "/dev/null", NULL);
    const struct cage_order order = { .argv = argv,
                                      .envp = ENVIRONMENT,
                                      .directory = "/",
                                      .root = "",
                                      .user = (uid_t)CAGE_UNCHANGED,
                                      .output = run.log.out };
    ok = ok && cage_open(&order, &run.cage, NULL);
    if (ok) {
        close(run.log.out);
        run.log.out = -1;
        cage_release(run.cage);
        ok = build_run_wait(&run, &watch, &result, NULL) && result.status == 0 && rename(fresh, p->kept) == 0;
    }
    build_run_close(&run);
    if (!ok)
        (void)!directory_remove_all(fresh, NULL);
}
