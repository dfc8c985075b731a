#include "cpu_list.h"

#include <stdlib.h>

static bool read_number(const char **at, int *number)
{
    char *end;
    if (**at < '0' || **at > '9')
        return false;
    long value = strtol(*at, &end, 10);
    *at = end;
    *number = (int)value;
    return value <= CPU_LIST_MOST;
}

bool cpu_list_next(const char **list, int *first, int *last)
{
    const char *at = *list;
    int from, to;
    if (!read_number(&at, &from))
        return false;
    to = from;
    if (*at == '-') {
        at++;
        if (!read_number(&at, &to))
            return false;
    }
    bool has_more = *at == ',' && at[1] != '\0';
    if (to < from || (*at != '\0' && !has_more))
        return false;
    *first = from;
    *last = to;
    *list = at + has_more;
    return true;
}

int cpu_list_count(const char *list)
{
    int first, last;
    long count = 0;
    while (cpu_list_next(&list, &first, &last))
        count += last - first + 1;
    return *list == '\0' && count <= CPU_LIST_MOST + 1 ? (int)count : 0;
}
