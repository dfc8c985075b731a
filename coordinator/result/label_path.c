#include "label_path.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "result/file_way.h"

static void add(struct label *label, const char *fact, const char *words, const char *base, const char *with)
{
    if (label->count == LABEL_DIFFERENCES_MAX)
        return;
    struct difference *d = &label->differences[label->count++];
    *d = (struct difference){ .fact = fact, .words = words, .class = "must match" };
    text_append(d->base, sizeof d->base, "%s", *base ? base : "not known");
    text_append(d->with, sizeof d->with, "%s", *with ? with : "not known");
}

/* But for numbers: how much of a file was in memory differs a little from time to time. */
static bool are_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (isdigit((unsigned char)*a))
            a++;
        while (isdigit((unsigned char)*b))
            b++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

void label_add_path(struct label *label, const char *base, const char *with)
{
    char a[FILE_PATH], b[FILE_PATH];
    if (!strstr(base, "; ") && !strstr(with, "; "))
        return;
    file_way_how(base, a, sizeof a);
    file_way_how(with, b, sizeof b);
    if (!are_alike(a, b))
        add(label, "path.how", "way of the bytes", a, b);
    file_way_place(base, a, sizeof a);
    file_way_place(with, b, sizeof b);
    if (strcmp(a, b) != 0)
        add(label, "path.place", "place of the files", a, b);
}

/* Up to the first or behind the last "; ", or what is in between. */
static void split_build(const char *path, char tree[FILE_PATH], char how[FILE_PATH], char compiler[FILE_PATH])
{
    const char *first = strstr(path, "; "), *last = first, *next;
    while (last && (next = strstr(last + 1, "; ")))
        last = next;
    tree[0] = how[0] = compiler[0] = '\0';
    if (!first)
        return;
    text_append(tree, FILE_PATH, "%.*s", (int)(first - path), path);
    if (last > first)
        text_append(how, FILE_PATH, "%.*s", (int)(last - first) - 2, first + 2);
    text_copy(compiler, FILE_PATH, last + 2);
}

void label_add_build(struct label *label, const char *base, const char *with)
{
    char a[3][FILE_PATH], b[3][FILE_PATH];
    static const struct {
        const char *fact, *words;
    } PARTS[] = { { "build.tree", "source tree" }, { "build.how", "build" }, { "build.compiler", "compiler" } };
    split_build(base, a[0], a[1], a[2]);
    split_build(with, b[0], b[1], b[2]);
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++)
        if (strcmp(a[i], b[i]) != 0)
            add(label, PARTS[i].fact, PARTS[i].words, a[i], b[i]);
}
