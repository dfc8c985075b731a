#include <stdio.h>

#include "base/directory.h"
#include "workloads/compile/build_place.h"

/* By the agent itself, outside of the cage: who builds may not write there. */
void build_place_keep(struct build_place *p)
{
    char objects[PATH_MAX], fresh[PATH_MAX + 8];
    const char *const copy[] = { "cp", "-a", "--no-preserve=ownership", objects, fresh, NULL };
    const struct build_watch watch = { .cancel_fd = p->order.cancel_fd, .deadline_mono = p->order.deadline_mono };
    if (!*p->kept || !directory_make_all(p->order.prepared, 0755, NULL))
        return;
    snprintf(objects, sizeof objects, "%s/objects", p->scratch.path);
    snprintf(fresh, sizeof fresh, "%s.new", p->kept);
    bool ok = directory_remove_all(fresh, NULL) && build_run_tool(copy, &watch, NULL) && rename(fresh, p->kept) == 0;
    if (!ok)
        (void)!directory_remove_all(fresh, NULL);
}
