#include "cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"
#include "base/text.h"

enum { TEXT_MAX = 64 * 1024 };

static bool has_word(const char *list, size_t length, char separator, const char *word)
{
    for (const char *at = list; at < list + length;) {
        const char *end = memchr(at, separator, (size_t)(list + length - at));
        size_t size = (size_t)((end ? end : list + length) - at);
        if (size == strlen(word) && strncmp(at, word, size) == 0)
            return true;
        at += size + 1;
    }
    return false;
}

/* "4:memory:/a/b" of version 1, else "0::/a/b" of version 2 (cgroups(7)). */
static bool find_own(const char *text, const char *controller, char *own, size_t size)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || memchr(line, '\n', (size_t)(path - line)))
            continue;
        size_t length = (size_t)(path - controllers - 1);
        if (!controller ? length == 0 : has_word(controllers + 1, length, ',', controller))
            return snprintf(own, size, "%.*s", (int)strcspn(path + 1, "\n"), path + 1) < (int)size;
    }
    return false;
}

/* The hierarchy's mount, and which part of it is seen there (proc(5), mountinfo). */
static bool find_mount(const char *text, const char *controller, char *top, char *mount, size_t size)
{
    char copy[PATH_MAX * 2];
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
        snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
        char *kind = strstr(copy, " - "), *rest = copy, *fields[5];
        if (!kind)
            continue;
        *kind = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
            fields[i] = strsep(&rest, " ");
        kind += strlen(" - ");
        const char *options = strrchr(kind, ' ');
        bool is_it = !controller ? strncmp(kind, "cgroup2 ", 8) == 0
                                 : strncmp(kind, "cgroup ", 7) == 0 && options &&
                                       has_word(options + 1, strlen(options + 1), ',', controller);
        if (is_it && fields[3] && fields[4])
            return text_copy(top, size, fields[3]) && text_copy(mount, size, fields[4]);
    }
    return false;
}

/* `controller`: NULL for version 2. */
static bool find(const char *root, const char *groups, const char *mounts, const char *controller,
                 struct cgroup_place *place)
{
    char own[PATH_MAX], top[PATH_MAX], mount[PATH_MAX];
    *place = (struct cgroup_place){ .is_v2 = !controller };
    if (!find_own(groups, controller, own, sizeof own) || !find_mount(mounts, controller, top, mount, sizeof top))
        return false;
    size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top); /* a container sees a part alone */
    const char *below = strncmp(own, top, length) == 0 ? own + length : own;
    return text_append(place->mount, sizeof place->mount, "%s%s", root, mount) &&
           text_append(place->own, sizeof place->own, "%s%s", place->mount, strcmp(below, "/") == 0 ? "" : below);
}

static bool read_and_find(const char *root, const char *who, const char *controller, struct cgroup_place *place)
{
    char path[64] = "";
    char *groups = malloc(TEXT_MAX), *mounts = malloc(TEXT_MAX);
    bool ok = groups && mounts && text_append(path, sizeof path, "/proc/%s/cgroup", who) &&
              small_file_read(root, path, groups, TEXT_MAX) &&
              small_file_read(root, "/proc/self/mountinfo", mounts, TEXT_MAX) &&
              find(root, groups, mounts, controller, place);
    free(mounts);
    free(groups);
    return ok;
}

bool cgroup_place_v1(const char *root, const char *who, const char *controller, struct cgroup_place *place)
{
    return read_and_find(root, who, controller, place);
}

bool cgroup_place_v2(const char *root, const char *who, struct cgroup_place *place)
{
    return read_and_find(root, who, NULL, place);
}

bool cgroup_lists(const char *path, const char *name, const char *word)
{
    char text[1024];
    return small_file_read(path, name, text, sizeof text) && has_word(text, strlen(text), ' ', word);
}
