#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool peer_read(struct peer *p)
{
    ssize_t got = recv(p->fd, p->in + p->in_used, sizeof p->in - p->in_used, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    p->in_used += (size_t)got;
    return got > 0 && (p->in_used < sizeof p->in || memchr(p->in, '\n', p->in_used));
}

json_t *peer_take(struct peer *p)
{
    const char *end = memchr(p->in, '\n', p->in_used);
    if (!end)
        return NULL;
    size_t size = (size_t)(end - p->in);
    json_t *line = json_loadb(p->in, size, JSON_REJECT_DUPLICATES, NULL);
    p->in_used -= size + 1;
    memmove(p->in, end + 1, p->in_used);
    return json_is_object(line) ? line : (json_decref(line), json_object());
}

void peer_put(struct peer *p, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    size_t size = text ? strlen(text) + 1 : 0, most = p->is_watching ? PEER_WATCH_MAX : PEER_ANSWER_MAX;
    json_decref(line);
    if (text && p->out_used + size > p->out_room && p->out_used + size <= most) {
        size_t room = 2 * (p->out_used + size);
        char *more = realloc(p->out, room);
        if (more) {
            p->out = more;
            p->out_room = room;
        }
    }
    if (!text || p->out_used + size > p->out_room) {
        p->is_lost = true;
    } else {
        memcpy(p->out + p->out_used, text, size - 1);
        p->out[p->out_used + size - 1] = '\n';
        p->out_used += size;
    }
    free(text);
}

void peer_flush(struct peer *p)
{
    size_t done = 0;
    while (done < p->out_used) {
        ssize_t sent = send(p->fd, p->out + done, p->out_used - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            p->is_lost |= errno != EAGAIN;
            break;
        }
        done += (size_t)sent;
    }
    if (done > 0)
        memmove(p->out, p->out + done, p->out_used - done);
    p->out_used -= done;
}

void peer_close(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    free(p->out);
    *p = (struct peer){ .fd = -1 };
}
