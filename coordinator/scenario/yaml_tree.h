/* yaml_tree.h - the memory of a tree, for those who build or change one: yaml.c and override.c. */
#ifndef TARE_YAML_TREE_H
#define TARE_YAML_TREE_H

#include "scenario/yaml.h"

struct yaml_block;

struct yaml_tree {
    struct yaml_block *blocks; /* every value and text of the tree */
    struct yaml_value *root;
};

/* Zeroed memory that lives as long as the tree; NULL when there is none. */
void *yaml_tree_keep(struct yaml_tree *tree, size_t size);
const char *yaml_tree_keep_text(struct yaml_tree *tree, const char *text, size_t size);

/* Move what `from` holds into `tree`, and end `from`. Its root, which may now be linked somewhere. */
struct yaml_value *yaml_tree_adopt(struct yaml_tree *tree, struct yaml_tree **from);

#endif
