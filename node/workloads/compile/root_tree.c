#include "root_tree.h"

#include <stdio.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/cache_dir.h"
#include "base/text.h"

bool root_tree_of(struct root_tree *root, struct err *e)
{
    static const char PACKAGES[] = ROOT_PACKAGES;
    unsigned char digest[(ROOT_NAME - 1) / 2];
    _Static_assert(sizeof digest < crypto_generichash_BYTES_MIN, "cut below");
    unsigned char whole[crypto_generichash_BYTES_MIN];
    char cache[PATH_MAX - 128];
    if (!cache_dir_get("roots", cache, sizeof cache, e))
        return false;
    crypto_generichash(whole, sizeof whole, (const unsigned char *)PACKAGES, sizeof PACKAGES, NULL, 0);
    *root = (struct root_tree){ .name = "" };
    sodium_bin2hex(root->name, sizeof root->name, whole, sizeof digest);
    snprintf(root->place, sizeof root->place, "%s/%s", cache, root->name);
    snprintf(root->tree, sizeof root->tree, "%s/tree", root->place);
    snprintf(root->disk, sizeof root->disk, "%s/disk", root->place);
    return true;
}

bool root_tree_is_there(const struct root_tree *root)
{
    char cc[PATH_MAX];
    struct stat st;
    cc[0] = '\0'; /* a link that leads somewhere within the tree, which from out here is elsewhere */
    return text_append(cc, sizeof cc, "%s/usr/bin/cc", root->tree) && lstat(cc, &st) == 0;
}
