#include "libraries.h"

#include <link.h>

#include "base/text.h"

/* Of each object in the order of loading: the program itself has no name, the vDSO no path. */
static int take(struct dl_phdr_info *info, size_t size, void *context)
{
    struct libraries *found = context;
    (void)size;
    if (info->dlpi_name[0] != '/')
        return 0;
    if (found->count == LIBRARIES_MAX ||
        !text_copy(found->paths[found->count], sizeof found->paths[0], info->dlpi_name))
        return 1;
    found->count++;
    return 0;
}

bool libraries_of_this_program(struct libraries *libraries, struct err *e)
{
    libraries->count = 0;
    return dl_iterate_phdr(take, libraries) == 0 ||
           err_set(e, ERR_INTERNAL, "this program has more than %d libraries", LIBRARIES_MAX);
}
