/* put_file.h - a machine made of files: one of them, with the directories above it. Include it behind cmocka.h. */
#ifndef TARE_TESTS_PUT_FILE_H
#define TARE_TESTS_PUT_FILE_H

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* The whole path of what that machine calls `path`; the directories above it are made. */
static inline void put_path(const char *root, const char *path, char *full, size_t size)
{
    full[0] = '\0';
    assert_true(text_append(full, size, "%s%s", root, path));
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
}

static inline void put_file(const char *root, const char *path, const char *text)
{
    char full[PATH_MAX];
    put_path(root, path, full, sizeof full);
    FILE *file = fopen(full, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(full, 0600);
}

#endif
