#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { ANSWER_MS = 10000, LINE_MOST = 64 * 1024 };

struct client {
    int fd;
    char in[LINE_MOST];
    size_t used;
};

bool client_open(const struct control_place *place, struct client **client, struct err *e)
{
    struct sockaddr_un address;
    struct client *c = calloc(1, sizeof *c);
    int dir = -1;
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = c->fd >= 0 || err_errno(e, errno, "no socket");
    ok = ok && control_address(place, &address, &dir, e);
    bool is_served = ok && connect(c->fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (ok && !is_served && errno != ENOENT && errno != ECONNREFUSED)
        ok = err_errno(e, errno, "control socket %s/%s", place->dir, place->name);
    if (dir >= 0)
        close(dir);
    if (ok && is_served)
        *client = c;
    else
        client_close(&c);
    return ok;
}

bool client_clear_way(const struct control_place *place, bool *asked, struct err *e)
{
    struct client *client = NULL;
    if (!client_open(place, &client, e))
        return false;
    *asked = client && client_ask(client, json_pack("{s:s}", "verb", "yield"), NULL, NULL);
    client_close(&client);
    return true;
}

void client_close(struct client **client)
{
    if (*client && (*client)->fd >= 0)
        close((*client)->fd);
    free(*client);
    *client = NULL;
}

static json_t *take_line(struct client *c)
{
    const char *end = memchr(c->in, '\n', c->used);
    if (!end)
        return NULL;
    size_t size = (size_t)(end - c->in) + 1;
    json_t *line = json_loadb(c->in, size, 0, NULL);
    c->used -= size;
    memmove(c->in, end + 1, c->used);
    return line ? line : json_object();
}

json_t *client_next(struct client *c, int timeout_ms)
{
    json_t *line;
    while (!(line = take_line(c)) && c->used < sizeof c->in) {
        struct pollfd readable = { .fd = c->fd, .events = POLLIN };
        int ready = poll(&readable, 1, timeout_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t got = ready > 0 ? recv(c->fd, c->in + c->used, sizeof c->in - c->used, 0) : 0;
        if (got <= 0)
            return NULL;
        c->used += (size_t)got;
    }
    return line;
}

bool client_ask(struct client *c, json_t *request, json_t **lines, struct err *e)
{
    char *text = json_dumps(request, JSON_COMPACT);
    json_decref(request);
    if (!text)
        return err_set(e, ERR_INTERNAL, "out of memory");
    bool ok = send(c->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text) &&
              send(c->fd, "\n", 1, MSG_NOSIGNAL) == 1;
    free(text);
    json_t *all = json_array(), *line = NULL;
    while (ok && (line = client_next(c, ANSWER_MS)) && !json_object_get(line, "ok"))
        json_array_append_new(all, line);
    if (!ok || !line)
        ok = err_set(e, ERR_INTERNAL, "the coordinator that serves does not answer; it may be ending");
    else if (!json_is_true(json_object_get(line, "ok"))) {
        const char *why = json_string_value(json_object_get(line, "error"));
        json_int_t exit_code = json_integer_value(json_object_get(line, "exit"));
        ok = err_set(e, exit_code > 0 && exit_code <= ERR_PARTIAL ? (enum err_exit)exit_code : ERR_INTERNAL, "%s",
                     why ? why : "refused");
    }
    json_decref(line);
    if (ok && lines)
        *lines = all;
    else
        json_decref(all);
    return ok;
}
