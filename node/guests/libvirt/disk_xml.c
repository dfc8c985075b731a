#include "guests/libvirt/disk_xml.h"

#include <string.h>

#include "base/text.h"

/* The element `name` of a block that ends at `end`: its first character behind the name. NULL without. */
static const char *element(const char *at, const char *end, const char *name)
{
    size_t length = strlen(name);
    for (; (at = strchr(at, '<')) && at < end; at++)
        if (strncmp(at + 1, name, length) == 0 && strchr(" />", at[1 + length]))
            return at + 1 + length;
    return NULL;
}

/* Undo what XML does to five characters. */
static void unescape(char *text)
{
    static const struct {
        const char *entity;
        char means;
    } ENTITIES[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&apos;", '\'' }, { "&quot;", '"' }, { "&amp;", '&' } };
    char *to = text;
    while (*text) {
        size_t skip = 1;
        char c = *text;
        for (size_t i = 0; i < ARRAY_SIZE(ENTITIES); i++)
            if (strncmp(text, ENTITIES[i].entity, strlen(ENTITIES[i].entity)) == 0) {
                skip = strlen(ENTITIES[i].entity);
                c = ENTITIES[i].means;
                break;
            }
        *to++ = c;
        text += skip;
    }
    *to = '\0';
}

/* The attribute `name` of the element whose inside is at `at`. False without, or where it does not fit. */
static bool attribute(const char *at, const char *name, char *out, size_t size)
{
    const char *end = at ? strchr(at, '>') : NULL;
    size_t length = strlen(name);
    for (; end && at && at < end; at = strpbrk(at, " \n")) {
        at += strspn(at, " \n");
        if (strncmp(at, name, length) != 0 || at[length] != '=' || !strchr("'\"", at[length + 1]))
            continue;
        const char *value = at + length + 2, *close = strchr(value, at[length + 1]);
        if (!close || (size_t)(close - value) >= size)
            return false;
        memcpy(out, value, (size_t)(close - value));
        out[close - value] = '\0';
        unescape(out);
        return true;
    }
    return false;
}

static void word(const char *at, const char *name, char *out, size_t size)
{
    if (!attribute(at, name, out, size))
        out[0] = '\0';
    text_disarm(out);
}

size_t disk_xml_read(const char *xml, struct domain_disk *disks, size_t most)
{
    size_t count = 0;
    for (const char *at = xml; count < most && (at = strstr(at, "<disk "));) {
        const char *end = strstr(at, "</disk>");
        if (!end)
            break;
        struct domain_disk *d = &disks[count];
        const char *driver = element(at, end, "driver"), *source = element(at, end, "source");
        const char *target = element(at, end, "target");
        *d = (struct domain_disk){ .path = "" };
        word(driver, "type", d->format, sizeof d->format);
        word(driver, "cache", d->cache, sizeof d->cache);
        word(driver, "io", d->io, sizeof d->io);
        word(target, "dev", d->target, sizeof d->target);
        if (!attribute(source, "file", d->path, sizeof d->path) && !attribute(source, "dev", d->path, sizeof d->path))
            d->path[0] = '\0';
        count += source && *d->target; /* an empty drive has no source */
        at = end;
    }
    return count;
}
