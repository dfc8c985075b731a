#include "file_path.h"

#include <string.h>

#include "base/text.h"

/* Pages that may be missing from what is still called cached. */
static const double CACHED_LEAST = 0.99;

static const char LAYER[] = " | ";

/* ---- a guest's host ---- */

/* The device's name in "ext4 (rw,relatime) on vda1 (virtio)". */
static void device_of(const char *route, char *out, size_t size)
{
    const char *on = strstr(route, " on ");
    out[0] = '\0';
    if (on)
        text_append(out, size, "%.*s", (int)strcspn(on + 4, " "), on + 4);
}

/* The line of the disk that the device is, or is a part of. NULL where its host tells of none. */
static const char *disk_of(const struct raw_trial *raw, const struct raw_end *load, const char *device)
{
    for (size_t i = 0; *device && i < raw->watched_count; i++) {
        const struct message_watched *use = &raw->watched[i].use;
        if (strcmp(use->guest, raw->nodes[load->node].name) != 0)
            continue;
        for (const char *line = use->disks; *line; line += strcspn(line, "\n"), line += *line == '\n') {
            size_t length = strcspn(line, "|\n");
            if (length > 0 && line[length] == '|' && strncmp(line, device, length) == 0 &&
                strspn(device + length, "p0123456789") == strlen(device + length))
                return line + length + 1;
        }
    }
    return NULL;
}

/* " | raw, cache=none, io=native | ext4 (rw) on sda (ata)" */
static void name_image(const struct raw_trial *raw, const struct raw_end *load, char *out, size_t size)
{
    char device[64];
    out[0] = '\0';
    device_of(load->stream.route, device, sizeof device);
    const char *disk = disk_of(raw, load, device);
    if (!disk)
        return;
    size_t image = strcspn(disk, "|\n");
    text_append(out, size, "%s%.*s", LAYER, (int)image, disk);
    if (disk[image] == '|' && disk[image + 1] != '\n')
        text_append(out, size, "%s%.*s", LAYER, (int)strcspn(disk + image + 1, "\n"), disk + image + 1);
    text_disarm(out);
}

static bool goes_around_cache(const char *image)
{
    return strstr(image, "cache=none") || strstr(image, "cache=directsync");
}

/* ---- how ---- */

/* A device of its own, of a machine that nobody else pretends to be. */
static bool is_real_device(const char *layer)
{
    static const char *const BUSES[] = { "(nvme", "(ata", "(scsi", "(usb", "(mmc" };
    for (size_t i = 0; i < ARRAY_SIZE(BUSES); i++)
        if (strstr(layer, BUSES[i]))
            return !strstr(layer, "virtual");
    return false;
}

static const char *name_direct(const char *route, const char *image)
{
    const char *last = strrchr(image, '|');
    if (*image && !goes_around_cache(image))
        return "O_DIRECT, cached by its host";
    return is_real_device(last ? last : route) ? "direct" : "O_DIRECT";
}

void file_path_from(const struct raw_trial *raw, const struct raw_end *load, const char *how, char *out, size_t size)
{
    char image[FILE_PATH];
    out[0] = '\0';
    name_image(raw, load, image, sizeof image);
    text_append(out, size, "%s%s%s%s", how, *how && *load->stream.route ? "; " : "", load->stream.route, image);
}

void file_path_write(const struct raw_trial *raw, const struct raw_end *load, enum file_method method, double pages,
                     double resident, char *out, size_t size)
{
    const struct file_options *o = raw->options;
    double share = pages > 0 ? resident / pages : 0;
    char how[64] = "", image[FILE_PATH];
    name_image(raw, load, image, sizeof image);
    if (o->mode == FILE_MODE_DIRECT)
        text_append(how, sizeof how, "%s", name_direct(load->stream.route, image));
    else if (FILE_METHOD_TABLE[method].writes)
        text_append(how, sizeof how, "%s",
                    o->mode == FILE_MODE_SYNC      ? "O_SYNC"
                    : o->mode == FILE_MODE_FLUSHED ? "page cache, flushed in time"
                                                   : "cached, not flushed");
    else if (share >= CACHED_LEAST)
        text_append(how, sizeof how, "cached");
    else
        text_append(how, sizeof how, "page cache, %.0f %% in it before", 100 * share);
    file_path_from(raw, load, how, out, size);
}
