#include "resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

bool resolve_host(const char *endpoint, char *host, size_t size, struct err *e)
{
    const char *begin = strncmp(endpoint, "tcp://", 6) == 0 ? endpoint + 6 : endpoint;
    const char *end = strrchr(begin, ':');
    if (!end)
        return err_set(e, ERR_USAGE, "endpoint '%s' has no port", endpoint);
    if (*begin == '[' && end > begin + 1 && end[-1] == ']') {
        begin++;
        end--;
    }
    snprintf(host, size, "%.*s", (int)(end - begin), begin);
    return true;
}

bool resolve_check(const char *endpoint, struct err *e)
{
    char host[256];
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    if (!resolve_host(endpoint, host, sizeof host, e))
        return false;
    int failure = getaddrinfo(host, NULL, &hints, &found);
    if (failure)
        return err_set(e, ERR_PARTIAL, "no address for the name '%s': %s", host, gai_strerror(failure));
    freeaddrinfo(found);
    return true;
}
