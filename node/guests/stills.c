#include "stills.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "guests/root.h"
#include "guests/still.h"

enum { MAKE_MS = 1000 * 1000 }; /* root.c and still.c have their own deadlines */

struct teller {
    struct keeper *keeper;
    const struct guest *guest;
};

static void tell(void *context, const char *what)
{
    const struct teller *teller = context;
    guest_tell(teller->keeper, teller->guest, GUEST_PREPARING, MAKE_MS, what);
}

/* An image that has all that is there by now: builds on the host add what they have prepared. */
static bool is_current(const struct tree_place *p)
{
    struct stat image, prepared;
    return stat(p->disk, &image) == 0 &&
           (stat(p->prepared, &prepared) != 0 || prepared.st_mtim.tv_sec < image.st_mtim.tv_sec);
}

/* The lock is the caller's. */
static bool make_tree(const struct tree_place *p, const struct teller *teller, int cancel_fd, struct err *e)
{
    if (!tree_place_is_whole(p))
        return err_set(e, ERR_PARTIAL, "what it shall build is not on its host");
    if (is_current(p))
        return true;
    tell((void *)teller, "making a disk of the tree that it builds"); /* which only reads it */
    return still_make(p->home, p->disk, cancel_fd, e);
}

bool stills_make(struct keeper *k, const struct guest *g, struct stills *stills, struct err *e)
{
    struct teller teller = { k, g };
    const struct root_order order = { k->cancel_fd, tell, &teller };
    struct root_tree root;
    struct tree_place place;
    *stills = (struct stills){ .root = "" };
    if (!g->options.compiler)
        return true;
    if (!root_make(&order, &root, e))
        return false;
    text_copy(stills->root, sizeof stills->root, root.name);
    text_copy(stills->root_disk, sizeof stills->root_disk, root.disk);
    if (g->order.tree_size != TREE_HASH)
        return true;
    if (!tree_place_of(g->order.tree, &place, e))
        return false;
    if (!tree_place_lock(&place, true, e))
        return err_set(e, ERR_PARTIAL, "what it shall build is in the hands of another process of its host");
    bool ok = make_tree(&place, &teller, k->cancel_fd, e);
    tree_place_unlock(&place);
    if (ok) {
        text_copy(stills->tree, sizeof stills->tree, place.name);
        text_copy(stills->tree_disk, sizeof stills->tree_disk, place.disk);
    }
    return ok;
}
