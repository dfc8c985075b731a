#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "control/peer.h"
#include "control/verbs.h"

enum { PEERS_MOST = 64, LISTENER = PEERS_MOST, BACKLOG = 64, EVENTS = 32, RECENT = 8, RECENT_LINE = 400 };

struct control {
    struct control_options options;
    int listener, epoll;
    bool is_bound;
    bool is_serving; /* lines wait until that is over: nobody is closed under it */
    struct peer peers[PEERS_MOST];
    /* What one who comes late has missed, oldest at recent_next. */
    char recent[RECENT][RECENT_LINE];
    size_t recent_next;
};

/* ---- the socket ---- */

/* Nobody listens there: what is left of a process that was killed. */
static bool is_stale(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_refused = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
                      (errno == ECONNREFUSED || errno == ENOENT);
    if (probe >= 0)
        close(probe);
    return is_refused;
}

static bool bind_socket(struct control *c, const struct sockaddr_un *address, struct err *e)
{
    const struct control_place *place = &c->options.place;
    for (int attempt = 0; attempt < 2; attempt++) {
        mode_t before = umask(0177); /* 0600 from the first moment */
        bool ok = bind(c->listener, (const struct sockaddr *)address, sizeof *address) == 0;
        int cause = errno;
        umask(before);
        if (ok)
            return true;
        if (cause != EADDRINUSE)
            return err_errno(e, cause, "control socket %s/%s", place->dir, place->name);
        struct stat st;
        if (lstat(address->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
            return err_set(e, ERR_USAGE, "%s/%s is in the way: it is no socket, move it away", place->dir, place->name);
        if (!is_stale(address))
            return err_set(e, ERR_USAGE, "%s/%s: another tare serves there; `tare stop` ends it", place->dir,
                           place->name);
        unlink(address->sun_path);
    }
    return err_set(e, ERR_USAGE, "%s/%s: another tare took it in this moment", place->dir, place->name);
}

static bool watch_fd(struct control *c, int operation, int fd, uint32_t events, uint32_t index)
{
    struct epoll_event event = { .events = events, .data.u32 = index };
    return epoll_ctl(c->epoll, operation, fd, &event) == 0;
}

static bool listen_at_place(struct control *c, struct err *e)
{
    struct sockaddr_un address;
    int dir = -1;
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (c->listener < 0 || c->epoll < 0)
        return err_errno(e, errno, "control socket");
    if (!control_address(&c->options.place, &address, &dir, e))
        return false;
    c->is_bound = bind_socket(c, &address, e);
    close(dir);
    return c->is_bound &&
           ((listen(c->listener, BACKLOG) == 0 && watch_fd(c, EPOLL_CTL_ADD, c->listener, EPOLLIN, LISTENER)) ||
            err_errno(e, errno, "control socket"));
}

/* ---- the peers ---- */

/* Only who could read our keys anyway. */
static bool is_allowed(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void accept_all(struct control *c)
{
    int fd;
    /* cppcheck-suppress nullPointer ; accept4(2) takes NULL */
    while ((fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        size_t i = 0;
        while (i < PEERS_MOST && c->peers[i].fd >= 0)
            i++;
        if (i < PEERS_MOST && is_allowed(fd) && watch_fd(c, EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)i))
            c->peers[i].fd = fd;
        else
            close(fd);
    }
}

/* Send what waits, and be told when more can go. */
static void settle(struct control *c, size_t i)
{
    struct peer *p = &c->peers[i];
    peer_flush(p);
    if (p->is_lost)
        peer_close(p); /* which takes it out of the epoll set, too */
    else
        watch_fd(c, EPOLL_CTL_MOD, p->fd, p->out_used > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN, (uint32_t)i);
}

static void catch_up(struct control *c, struct peer *p)
{
    for (size_t i = 0; i < RECENT; i++) {
        const char *line = c->recent[(c->recent_next + i) % RECENT];
        json_t *text = *line ? json_string(line) : NULL; /* none where it was cut within a character */
        if (text)
            peer_put(p, json_pack("{s:o}", "line", text));
    }
}

static void serve_peer(struct control *c, size_t i, uint32_t events)
{
    struct peer *p = &c->peers[i];
    json_t *request;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !peer_read(p))
        p->is_lost = true;
    while (!p->is_lost && (request = peer_take(p))) {
        bool was_watching = p->is_watching;
        verbs_answer(&c->options, p, request);
        if (p->is_watching && !was_watching)
            catch_up(c, p);
        json_decref(request);
    }
    settle(c, i);
}

static void serve(void *context)
{
    struct control *c = context;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(c->epoll, events, EVENTS, 0);
    c->is_serving = true;
    for (int i = 0; i < count; i++) {
        uint32_t index = events[i].data.u32;
        if (index == LISTENER)
            accept_all(c);
        else if (c->peers[index].fd >= 0)
            serve_peer(c, index, events[i].events);
    }
    c->is_serving = false;
    for (size_t i = 0; i < PEERS_MOST; i++)
        if (c->peers[i].fd >= 0 && c->peers[i].is_watching)
            settle(c, i);
}

void control_tap(void *context, const char *line)
{
    struct control *c = context;
    json_t *text = json_string(line);
    if (!text) /* not UTF-8: somebody's words that no terminal should see either */
        return;
    json_decref(text);
    text_copy(c->recent[c->recent_next], RECENT_LINE, line);
    c->recent_next = (c->recent_next + 1) % RECENT;
    for (size_t i = 0; i < PEERS_MOST; i++)
        if (c->peers[i].fd >= 0 && c->peers[i].is_watching) {
            peer_put(&c->peers[i], json_pack("{s:s}", "line", line));
            if (!c->is_serving)
                settle(c, i);
        }
}

bool control_open(const struct control_options *options, struct control **control, struct err *e)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    c->options = *options;
    c->listener = c->epoll = -1;
    for (size_t i = 0; i < PEERS_MOST; i++)
        c->peers[i].fd = -1;
    /* Who changes keys looks for this socket afterwards: what was changed before it was here is read now. */
    if (!listen_at_place(c, e) || !keyring_reload(hub_keyring(options->hub), e)) {
        control_close(&c);
        return false;
    }
    hub_attend(options->hub, &(struct hub_guest){ c->epoll, serve, c });
    *control = c;
    return true;
}

void control_close(struct control **control)
{
    struct control *c = *control;
    *control = NULL;
    if (!c)
        return;
    hub_attend(c->options.hub, NULL);
    struct sockaddr_un address;
    int dir = -1;
    if (c->is_bound && control_address(&c->options.place, &address, &dir, NULL)) {
        unlink(address.sun_path);
        close(dir);
    }
    for (size_t i = 0; i < PEERS_MOST; i++) {
        if (c->peers[i].fd >= 0)
            peer_flush(&c->peers[i]);
        peer_close(&c->peers[i]);
    }
    if (c->listener >= 0)
        close(c->listener);
    if (c->epoll >= 0)
        close(c->epoll);
    free(c);
}
