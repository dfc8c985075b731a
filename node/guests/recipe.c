#include "recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/beside.h"
#include "base/text.h"
#include "gate/gate_page.h"
#include "guests/cpio.h"

enum { ENTRIES_MAX = LIBRARIES_MAX + 64 };

extern const char guest_init_script[]; /* init.sh */

/* In the order in which they must be loaded. */
static const char *const VIRTIO[] = {
    "virtio/virtio_ring",           "virtio/virtio",     "virtio/virtio_pci_legacy_dev",
    "virtio/virtio_pci_modern_dev", "virtio/virtio_pci", NULL,
};
static const char *const VIRTIO_DISK[] = { "block/virtio_blk", NULL };
static const char *const VIRTIO_NET[] = { "../net/core/failover", "net/net_failover", "net/virtio_net", NULL };
/* Only where they are no part of the kernel, and where it has them: what is amiss the mount says. */
static const char *const EXT4[] = { "../lib/crc16",
                                    "../lib/libcrc32c",
                                    "../crypto/crc32c_generic",
                                    "../fs/mbcache",
                                    "../fs/jbd2/jbd2",
                                    "../fs/ext4/ext4",
                                    NULL };
static const char *const E1000[] = { "net/ethernet/intel/e1000/e1000", NULL };
static const char *const E1000E[] = { "net/ethernet/intel/e1000e/e1000e", NULL };
static const char *const RTL8139[] = { "net/mii", "net/ethernet/realtek/8139cp", NULL };

static const struct {
    const char *name; /* as libvirt's <model type=> */
    const char *const *modules;
} NICS[] = {
    { "virtio", VIRTIO_NET },
    { "e1000", E1000 },
    { "e1000e", E1000E },
    { "rtl8139", RTL8139 },
};

static const char *const *nic_modules(const char *nic)
{
    for (size_t i = 0; i < ARRAY_SIZE(NICS); i++)
        if (strcmp(NICS[i].name, nic) == 0)
            return NICS[i].modules;
    return NULL;
}

bool recipe_knows_nic(const char *nic) { return nic_modules(nic) != NULL; }

/* ---- what goes in ---- */

struct entry {
    char name[PATH_MAX];   /* in the image; no '/' in front */
    char source[PATH_MAX]; /* a file; "" where `text` is the content */
    const char *text;
    unsigned mode;
};

struct recipe {
    struct entry entries[ENTRIES_MAX];
    size_t count;
    char order[1024]; /* of the modules, a line each */
};

static bool add(struct recipe *r, const char *name, const char *source, const char *text, unsigned mode, struct err *e)
{
    if (r->count == ENTRIES_MAX)
        return err_set(e, ERR_INTERNAL, "an image of more than %d files", ENTRIES_MAX);
    struct entry *entry = &r->entries[r->count];
    *entry = (struct entry){ .text = text, .mode = mode };
    if (!text_copy(entry->name, sizeof entry->name, name) || !text_copy(entry->source, sizeof entry->source, source))
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", source);
    r->count++;
    return true;
}

/* What `release`'s modules.builtin lists needs no file. */
static bool is_builtin(const struct kernel *k, const char *module)
{
    char path[PATH_MAX] = "", line[512];
    const char *name = strrchr(module, '/') + 1;
    bool found = false;
    FILE *list = text_append(path, sizeof path, "%s/modules.builtin", k->modules) ? fopen(path, "re") : NULL;
    while (list && !found && fgets(line, sizeof line, list)) {
        const char *last = strrchr(line, '/');
        found = last && strncmp(last + 1, name, strlen(name)) == 0 && strncmp(last + 1 + strlen(name), ".ko", 3) == 0;
    }
    if (list)
        fclose(list);
    return found;
}

/* As the kernel's makers left it, compressed or not: busybox and the kernel unpack these. */
static bool add_module(struct recipe *r, const struct kernel *k, const char *module, struct err *e)
{
    static const char *const SUFFIXES[] = { ".ko", ".ko.xz", ".ko.gz", ".ko.zst" };
    const char *name = strrchr(module, '/') + 1;
    for (size_t i = 0; i < ARRAY_SIZE(SUFFIXES); i++) {
        char source[PATH_MAX] = "", target[PATH_MAX] = "";
        if (!text_append(source, sizeof source, "%s/kernel/drivers/%s%s", k->modules, module, SUFFIXES[i]) ||
            !text_append(target, sizeof target, "modules/%s%s", name, SUFFIXES[i]))
            return err_set(e, ERR_USAGE, "%.200s...: the path is too long", k->modules);
        if (access(source, R_OK) != 0)
            continue;
        return (text_append(r->order, sizeof r->order, "%s%s\n", name, SUFFIXES[i]) ||
                err_set(e, ERR_INTERNAL, "too many modules")) &&
               add(r, target, source, NULL, 0644, e);
    }
    return is_builtin(k, module) ||
           err_set(e, ERR_USAGE, "the kernel %s has no module '%s': choose another `nic` for the guest", k->release,
                   name);
}

static void add_modules_if_any(struct recipe *r, const struct kernel *k, const char *const *modules)
{
    for (; *modules; modules++)
        (void)!add_module(r, k, *modules, NULL);
}

static bool add_modules(struct recipe *r, const struct kernel *k, const char *const *modules, struct err *e)
{
    for (; *modules; modules++)
        if (!add_module(r, k, *modules, e))
            return false;
    return true;
}

/* A static one: nothing else has to come with it. */
static bool add_busybox(struct recipe *r, struct err *e)
{
    static const char *const PLACES[] = { "/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox" };
    for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++)
        if (access(PLACES[i], R_OK) == 0)
            return add(r, "bin/busybox", PLACES[i], NULL, 0755, e);
    return err_set(e, ERR_USAGE, "a guest's image needs busybox: install the package 'busybox-static'");
}

bool recipe_new(const struct recipe_needs *needs, struct recipe **recipe, struct err *e)
{
    const char *const *nic = nic_modules(needs->nic);
    const struct kernel *k = needs->kernel;
    char gate[PATH_MAX];
    if (!nic)
        return err_set(e, ERR_USAGE, "no driver is known for the card '%s'", needs->nic);
    struct recipe *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(e, ERR_INTERNAL, "out of memory");
    bool ok = add(r, "init", "", guest_init_script, 0755, e) && add_busybox(r, e) &&
              add(r, "bin/tare-node", needs->agent, NULL, 0755, e);
    if (ok && beside_find(needs->agent, GATE_LIBRARY, gate))
        ok = add(r, "bin/" GATE_LIBRARY, gate, NULL, 0755, e);
    for (size_t i = 0; ok && i < needs->libraries->count; i++)
        ok = add(r, needs->libraries->paths[i] + 1, needs->libraries->paths[i], NULL, 0755, e);
    ok = ok && add_modules(r, k, VIRTIO, e) && add_modules(r, k, nic, e) && add_modules(r, k, VIRTIO_DISK, e);
    if (ok)
        add_modules_if_any(r, k, EXT4);
    ok = ok && add(r, "modules/order", "", r->order, 0644, e);
    if (ok)
        *recipe = r;
    else
        recipe_destroy(&r);
    return ok;
}

void recipe_destroy(struct recipe **recipe)
{
    free(*recipe);
    *recipe = NULL;
}

/* ---- its name ---- */

static bool hash_file(crypto_generichash_state *hash, const char *path, struct err *e)
{
    unsigned char block[64 * 1024];
    FILE *file = fopen(path, "re");
    if (!file)
        return err_errno(e, errno, "cannot read '%s'", path);
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        crypto_generichash_update(hash, block, got);
    bool ok = !ferror(file) || err_errno(e, errno, "cannot read '%s'", path);
    fclose(file);
    return ok;
}

static void hash_text(crypto_generichash_state *hash, const char *text)
{
    crypto_generichash_update(hash, (const unsigned char *)text, strlen(text) + 1);
}

bool recipe_key(const struct recipe *r, const struct kernel *k, char key[RECIPE_KEY], struct err *e)
{
    crypto_generichash_state hash;
    unsigned char digest[(RECIPE_KEY - 1) / 2];
    crypto_generichash_init(&hash, NULL, 0, sizeof digest);
    bool ok = hash_file(&hash, k->image, e);
    for (size_t i = 0; ok && i < r->count; i++) {
        const struct entry *entry = &r->entries[i];
        hash_text(&hash, entry->name);
        if (entry->text)
            hash_text(&hash, entry->text);
        else
            ok = hash_file(&hash, entry->source, e);
    }
    crypto_generichash_final(&hash, digest, sizeof digest);
    sodium_bin2hex(key, RECIPE_KEY, digest, sizeof digest);
    return ok;
}

/* ---- writing it ---- */

/* The directories above an entry that no earlier one is in. */
static bool add_parents(struct cpio *cpio, const struct recipe *r, size_t index, struct err *e)
{
    char part[PATH_MAX];
    const char *name = r->entries[index].name;
    for (const char *at = strchr(name, '/'); at; at = strchr(at + 1, '/')) {
        const size_t length = (size_t)(at - name) + 1; /* with the '/' */
        bool is_there = false;
        for (size_t i = 0; i < index && !is_there; i++)
            is_there = strncmp(r->entries[i].name, name, length) == 0;
        memcpy(part, name, length - 1);
        part[length - 1] = '\0';
        if (!is_there && !cpio_directory(cpio, part, 0755, e))
            return false;
    }
    return true;
}

bool recipe_write(const struct recipe *r, FILE *to, struct err *e)
{
    static const char *const MOUNT_POINTS[] = { "proc", "sys", "dev", "tmp", "run" };
    struct cpio cpio = { .to = to };
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_SIZE(MOUNT_POINTS); i++)
        ok = cpio_directory(&cpio, MOUNT_POINTS[i], 0755, e);
    for (size_t i = 0; ok && i < r->count; i++) {
        const struct entry *entry = &r->entries[i];
        ok =
            add_parents(&cpio, r, i, e) && (entry->text ? cpio_text(&cpio, entry->name, entry->mode, entry->text, e)
                                                        : cpio_file(&cpio, entry->name, entry->mode, entry->source, e));
    }
    return ok && cpio_end(&cpio, e);
}
