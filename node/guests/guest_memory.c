#include "guest_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* "7f0000000000-7f0020000000 rw-p ...": the head of a mapping; false for the lines below it. */
static bool read_head(const char *line, int64_t *bytes, bool *is_data)
{
    uint64_t from, to;
    char *end;
    from = strtoull(line, &end, 16);
    if (end == line || *end != '-')
        return false;
    const char *second = end + 1;
    to = strtoull(second, &end, 16);
    if (end == second || end[0] != ' ' || strlen(end) < 5 || to < from || to - from > INT64_MAX)
        return false;
    *bytes = (int64_t)(to - from);
    *is_data = end[2] == 'w' && end[3] != 'x';
    return true;
}

/* "Rss:    1234 kB"; pages of hugetlbfs are not in it and stand in lines of their own. */
static int64_t read_resident(const char *line)
{
    static const char *const KEYS[] = { "Rss:", "Private_Hugetlb:", "Shared_Hugetlb:" };
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++)
        if (strncmp(line, KEYS[i], strlen(KEYS[i])) == 0)
            return (int64_t)strtoull(line + strlen(KEYS[i]), NULL, 10) * 1024;
    return 0;
}

bool guest_memory_read(const char *root, pid_t pid, struct guest_memory *memory)
{
    struct guest_memory largest = { 0, 0 }, each = { 0, 0 };
    char path[512] = "", line[512];
    bool is_data = false;
    FILE *smaps = text_append(path, sizeof path, "%s/proc/%d/smaps", root, pid) ? fopen(path, "re") : NULL;
    while (smaps && fgets(line, sizeof line, smaps)) {
        int64_t bytes;
        bool next_is_data;
        if (read_head(line, &bytes, &next_is_data)) {
            each = (struct guest_memory){ bytes, 0 };
            is_data = next_is_data;
        } else {
            each.resident += read_resident(line);
        }
        if (is_data && each.bytes >= largest.bytes)
            largest = each;
    }
    if (smaps)
        (void)fclose(smaps);
    if (largest.bytes == 0)
        return false;
    *memory = largest;
    return true;
}
