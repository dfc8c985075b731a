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
