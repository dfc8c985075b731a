#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>

struct yaml_block {
    struct yaml_block *next;
    max_align_t data[];
};

void *yaml_tree_keep(struct yaml_tree *tree, size_t size)
{
    struct yaml_block *block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->next = tree->blocks;
    tree->blocks = block;
    return block->data;
}

const char *yaml_tree_keep_text(struct yaml_tree *tree, const char *text, size_t size)
{
    char *copy = yaml_tree_keep(tree, size + 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

struct yaml_value *yaml_tree_adopt(struct yaml_tree *tree, struct yaml_tree **from)
{
    struct yaml_value *root = (*from)->root;
    struct yaml_block **end = &tree->blocks;
    while (*end)
        end = &(*end)->next;
    *end = (*from)->blocks;
    (*from)->blocks = NULL;
    yaml_tree_destroy(from);
    return root;
}

void yaml_tree_destroy(struct yaml_tree **tree)
{
    if (!*tree)
        return;
    for (struct yaml_block *block = (*tree)->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(*tree);
    *tree = NULL;
}

const struct yaml_value *yaml_tree_root(const struct yaml_tree *tree) { return tree->root; }

const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key)
{
    for (const struct yaml_value *value = map->kind == YAML_MAP ? map->first : NULL; value; value = value->next)
        if (strcmp(value->key->text, key) == 0)
            return value;
    return NULL;
}
