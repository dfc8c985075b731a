/* label_path.h - by what the ways of two nodes' bytes, or what two nodes built, differ, as part of the label. Pure. */
#ifndef TARE_LABEL_PATH_H
#define TARE_LABEL_PATH_H

#include "result/label.h"

/* Of two paths (file_path.h), neither of which need say anything: whether their files were opened alike and came from
 * memory alike, and whether they lie on the same file system of the same device. */
void label_add_path(struct label *label, const char *base, const char *with);

/* Of the paths of two builds, "TREE HASH; CONFIGURATION; COMMAND; COMPILER", where other trees than a kernel's have no
 * configuration: whether they built the same tree by the same command with the same compiler. */
void label_add_build(struct label *label, const char *base, const char *with);

#endif
