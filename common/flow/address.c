#include "address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"

bool address_parse(const char *text, uint16_t port, struct address *address, struct err *e)
{
    char service[8] = "";
    text_append(service, sizeof service, "%u", (unsigned)port);
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int status = getaddrinfo(text, service, &hints, &found);
    if (status != 0)
        return err_set(e, ERR_USAGE, "'%.64s' is no IP address (10.0.0.7, fe80::1%%eth0): %s", text,
                       gai_strerror(status));
    *address = (struct address){ .size = found->ai_addrlen };
    memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

bool address_port(int fd, uint16_t *port, struct err *e)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } name = { 0 };
    socklen_t size = sizeof name;
    if (getsockname(fd, &name.any, &size) != 0)
        return err_errno(e, errno, "asking for the port");
    *port = ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
    return true;
}

bool address_bind(int fd, const struct address *at, struct err *e)
{
    if (bind(fd, address_of(at), at->size) == 0)
        return true;
    if (errno == EADDRNOTAVAIL)
        return err_set(e, ERR_USAGE, "this machine has no such address");
    return err_errno(e, errno, "binding the data port");
}

bool address_bind_from(int fd, const char *from, const struct address *to, struct err *e)
{
    struct address at = { 0 };
    if (!from || !*from)
        return true;
    if (!address_parse(from, 0, &at, e))
        return false;
    if (at.storage.ss_family != to->storage.ss_family)
        return err_set(e, ERR_USAGE, "from %s: that is of another family than the address to connect to", from);
    return address_bind(fd, &at, e) || err_wrap(e, "from %s", from);
}
