/* recipe.h - what is in the image of a built-in guest: busybox, the kernel's modules for its card and
 * disk, init.sh, and this very program with its libraries.
 *
 * A second form, with a disk that holds a compiler, will be another recipe.
 */
#ifndef TARE_RECIPE_H
#define TARE_RECIPE_H

#include <stdio.h>

#include "base/err.h"
#include "guests/kernel.h"
#include "guests/libraries.h"

enum { RECIPE_KEY = 33 };

struct recipe_needs {
    const struct kernel *kernel;
    const struct libraries *libraries;
    const char *agent; /* the program; what holds others for it, where it is beside it, comes with it */
    const char *nic;   /* as libvirt names models: "virtio", "e1000" */
};

struct recipe;

/* Whether a driver is known for this card. */
bool recipe_knows_nic(const char *nic);

/* Fails where something that the guest needs is not on this machine. */
MUST_CHECK bool recipe_new(const struct recipe_needs *needs, struct recipe **recipe, struct err *e);
void recipe_destroy(struct recipe **recipe);

/* A hash of all that goes in and of the kernel beside it, hexadecimal: what has the same key is the
 * same image. */
MUST_CHECK bool recipe_key(const struct recipe *recipe, const struct kernel *kernel, char key[RECIPE_KEY],
                           struct err *e);

/* The image, as one archive. */
MUST_CHECK bool recipe_write(const struct recipe *recipe, FILE *to, struct err *e);

#endif
