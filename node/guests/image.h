/* image.h - what a built-in guest boots: a kernel, and an initramfs with the agent in it.
 *
 * No root is needed. The initramfs (recipe.h) is kept in the cache under a hash of all that is in it
 * and of the kernel, so an image is never older than the program. A guest's own copy has a second
 * archive behind it, with its address and its key: a secret never stands on a command line.
 */
#ifndef TARE_IMAGE_H
#define TARE_IMAGE_H

#include "guests/kernel.h"
#include "guests/libraries.h"
#include "guests/recipe.h"
#include "wire/keys.h"

struct image_order {
    const struct libraries *libraries;
    const char *agent; /* the program: "/proc/self/exe" */
    const char *nic;   /* what recipe_knows_nic knows */
    int cancel_fd;
    void (*tell)(void *context, const char *what); /* of what takes long */
    void *context;
    /* Of one guest: */
    const struct invite *invite;
    const char *address, *gateway; /* "10.0.0.7/24" or "dhcp"; "" for no gateway */
    const char *disk;              /* what it shall mount on /var/tmp: "vda"; "" for none */
    const char *root, *tree;       /* names of what its disks vdb and vdc hold (stills.h); "" for none */
    const char *initrd;            /* where to put it, 0600; NULL: only see to it that the image is kept */
};

struct image {
    struct kernel kernel;
    char key[RECIPE_KEY];
    bool was_kept; /* found in the cache */
};

/* Make the initrd for one guest, or only what all share. Takes a second or two the first time, and where a kernel has
 * to be fetched as long as that takes; then some milliseconds. */
MUST_CHECK bool image_make(const struct image_order *order, struct image *image, struct err *e);

#endif
