#include "guests/disks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "workloads/file/file_cache.h"
#include "workloads/file/file_route.h"

/* The first disk of a built-in guest is its own; any other's image has a name. */
static int open_image(const struct guest *g, const struct domain_disk *disk, bool is_first)
{
    if (is_first && g->is_built_in && g->disk_fd >= 0)
        return fcntl(g->disk_fd, F_DUPFD_CLOEXEC, 0);
    return *disk->path ? open(disk->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
}

static struct domain_disk *disks_of(struct keeper *k, const struct guest *g, size_t *count)
{
    struct domain_disk *disks = calloc(DOMAIN_DISKS_MAX, sizeof *disks);
    *count = 0;
    if (!disks || !k->link || !k->provider->disks ||
        !k->provider->disks(k->link, g->domain, disks, DOMAIN_DISKS_MAX, count, NULL))
        *count = 0;
    return disks;
}

static const char *or_else(const char *word, const char *otherwise) { return *word ? word : otherwise; }

void disks_tell(struct keeper *k, const struct guest *g, char *text, size_t size)
{
    size_t count;
    struct domain_disk *disks = disks_of(k, g, &count);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct file_route route = { 0 };
        char where[256] = "";
        int fd = open_image(g, &disks[i], i == 0);
        if (fd >= 0 && file_route_of(fd, &route, NULL))
            file_route_text(&route, where, sizeof where);
        if (fd >= 0)
            close(fd);
        if (!text_append(text, size, "%s|%s, cache=%s, io=%s|%s\n", disks[i].target, or_else(disks[i].format, "raw"),
                         or_else(disks[i].cache, "writeback"), or_else(disks[i].io, "threads"), where))
            break;
    }
    free(disks);
}

static bool goes_through_cache(const struct domain_disk *disk)
{
    return strcmp(disk->cache, "none") != 0 && strcmp(disk->cache, "directsync") != 0;
}

static void cool_guest(struct keeper *k, const struct guest *g, struct message_cooled *m)
{
    size_t count;
    struct domain_disk *disks = disks_of(k, g, &count);
    for (size_t i = 0; i < count && m->resident >= 0; i++) {
        struct file_cache cache = { 0 };
        int fd = open_image(g, &disks[i], i == 0);
        if (fd >= 0)
            (void)!file_cache_drop(fd, NULL); /* how well that went is looked at */
        bool ok = fd >= 0 && file_cache_look(fd, &cache, NULL);
        if (fd >= 0)
            close(fd);
        m->pages = ok ? m->pages + cache.pages : -1;
        m->resident = ok ? m->resident + cache.resident : -1;
        m->cached |= goes_through_cache(&disks[i]);
    }
    free(disks);
}

static void post(struct keeper *k, const struct message_cooled *cooled)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return; /* the coordinator's deadline tells */
    m->type = MESSAGE_COOLED;
    m->cooled = *cooled;
    (void)mailbox_put(k->out, m);
    free(m);
}

void disks_cool(struct keeper *k, uint32_t number)
{
    for (size_t i = 0; i < k->guest_count; i++) {
        struct message_cooled m = { .cool = number };
        text_copy(m.guest, sizeof m.guest, k->guests[i]->name);
        cool_guest(k, k->guests[i], &m);
        post(k, &m);
    }
    post(k, &(struct message_cooled){ .cool = number });
}
