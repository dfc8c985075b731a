#include "guest_make.h"

#include "base/text.h"
#include "guests/disks.h"
#include "guests/image.h"
#include "guests/uplink.h"

enum { FETCH_MS = 400 * 1000 }; /* the kernel: image.c and kernel.c have their own deadlines */

struct teller {
    struct keeper *keeper;
    const struct guest *guest;
};

static void tell_image(void *context, const char *what)
{
    const struct teller *teller = context;
    guest_tell(teller->keeper, teller->guest, GUEST_PREPARING, FETCH_MS, what);
}

/* Its own invite: the coordinator as this agent reaches it, unless that is this very machine. */
static bool make_invite(const struct keeper *k, const struct guest *g, const char *bridge, struct invite *invite,
                        struct err *e)
{
    *invite = (struct invite){ .is_token = false };
    text_copy(invite->name, sizeof invite->name, g->name);
    text_copy(invite->server_key, sizeof invite->server_key, g->order.server_key);
    text_copy(invite->node.public_key, sizeof invite->node.public_key, g->order.public_key);
    text_copy(invite->node.secret_key, sizeof invite->node.secret_key, g->order.secret_key);
    return uplink_endpoint(k->endpoint, bridge, invite->endpoint, sizeof invite->endpoint, e);
}

bool guest_make_files(struct keeper *k, struct guest *g, const char *bridge, struct guest_files *files,
                      const struct stills *stills, struct err *e)
{
    struct teller teller = { k, g };
    struct invite invite;
    struct image image;
    const char *address = *g->options.address ? g->options.address : *g->order.address ? g->order.address : "dhcp";
    const struct image_order order = { .libraries = &k->libraries,
                                       .agent = "/proc/self/exe",
                                       .nic = guest_nic_name(&g->options),
                                       .invite = &invite,
                                       .address = address,
                                       .gateway = g->options.gateway,
                                       .disk = *files->disk ? GUEST_DISK : "",
                                       .root = stills->root,
                                       .tree = stills->tree,
                                       .initrd = files->initrd,
                                       .cancel_fd = k->cancel_fd,
                                       .tell = tell_image,
                                       .context = &teller };
    bool ok = uplink_is_address(address) || err_set(e, ERR_USAGE, "'%s' is no address, as in 10.0.0.7/24", address);
    ok = ok && (uplink_is_address(g->options.gateway) || err_set(e, ERR_USAGE, "gateway: no address"));
    ok = ok && make_invite(k, g, bridge, &invite, e) && image_make(&order, &image, e) &&
         guest_files_copy_kernel(files, image.kernel.image, e);
    invite_wipe(&invite);
    return ok;
}
