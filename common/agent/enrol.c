#include "enrol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config_dir.h"
#include "base/log.h"
#include "base/text.h"
#include "wire/channel.h"
#include "wire/resolve.h"

enum { ASK_EVERY_MS = 1000, REDIAL_MS = 5000 };

struct enrolment {
    const struct invite *token;
    const char *program;
    struct invite own; /* as it will be */
    zsock_t *dealer, *monitor;
    bool is_open, is_granted;
    int64_t ask_mono, redial_mono;
};

/* ---- the files ---- */

bool enrol_place(const char *dir, const char *name, struct enrol_place *place, struct err *e)
{
    struct enrol_place made = { 0 };
    char host[256] = "";
    if (!name && gethostname(host, sizeof host - 1) != 0)
        return err_errno(e, errno, "the name of this host");
    if (!text_copy(made.name, sizeof made.name, name ? name : host) || !text_is_name(made.name))
        return err_set(e, ERR_USAGE, "'%.64s' is not a name (letters, digits, '-', '_', '.', at most 63): say --name",
                       name ? name : host);
    if (dir ? !text_copy(made.dir, sizeof made.dir, dir) && !err_set(e, ERR_USAGE, "--state: the path is too long")
            : !config_dir_path(made.dir, sizeof made.dir, e))
        return false;
    *place = made;
    return true;
}

static bool file_in(const struct enrol_place *place, const char *suffix, char *path, size_t size, struct err *e)
{
    path[0] = '\0';
    return text_append(path, size, "%s/%s%s", place->dir, place->name, suffix) ||
           err_set(e, ERR_USAGE, "the path '%.200s...' is too long", place->dir);
}

static bool read_if_there(const char *path, struct invite *invite, bool *found, struct err *e)
{
    *found = access(path, F_OK) == 0;
    return !*found || invite_read(path, invite, e);
}

bool enrol_kept(const struct enrol_place *place, struct invite *invite, bool *found, struct err *e)
{
    char path[640];
    return file_in(place, ".invite", path, sizeof path, e) && read_if_there(path, invite, found, e);
}

/* The pair that an enrolment cut short has left, or a new one, kept before anybody hears of it. */
static bool prepare(struct enrolment *n, const struct enrol_place *place, const char *path, struct err *e)
{
    bool found = false;
    if (!config_dir_make(place->dir, e) || !read_if_there(path, &n->own, &found, e))
        return false;
    if (found && strcmp(n->own.server_key, n->token->server_key) == 0) {
        text_copy(n->own.endpoint, sizeof n->own.endpoint, n->token->endpoint);
        return true;
    }
    n->own = (struct invite){ 0 };
    text_copy(n->own.endpoint, sizeof n->own.endpoint, n->token->endpoint);
    text_copy(n->own.name, sizeof n->own.name, place->name);
    text_copy(n->own.server_key, sizeof n->own.server_key, n->token->server_key);
    return keypair_make(&n->own.node, e) && invite_write(path, &n->own, e);
}

/* ---- the asking ---- */

static void hang_up(struct enrolment *n)
{
    channel_hang_up(&n->dealer, &n->monitor);
    n->is_open = false;
}

static void refused(struct enrolment *n, const char *why)
{
    log_error("%s: %s; trying again every %d s", n->token->endpoint, why, REDIAL_MS / 1000);
    hang_up(n);
    n->redial_mono = clock_mono_ns() + clock_ms(REDIAL_MS);
}

static bool dial(struct enrolment *n, struct err *e)
{
    struct err why = { 0 };
    n->redial_mono = INT64_MAX;
    if (resolve_check(n->token->endpoint, &why))
        return channel_dial(n->token, &n->dealer, &n->monitor, e);
    refused(n, why.text);
    return true;
}

static void ask(struct enrolment *n)
{
    struct message m = { .type = MESSAGE_ENROL, .enrol = { .major = WIRE_MAJOR, .minor = WIRE_MINOR } };
    struct err e = { 0 };
    bool gone;
    text_copy(m.enrol.magic, sizeof m.enrol.magic, ENROL_MAGIC);
    text_copy(m.enrol.program, sizeof m.enrol.program, n->program);
    text_copy(m.enrol.version, sizeof m.enrol.version, TARE_VERSION);
    text_copy(m.enrol.name, sizeof m.enrol.name, n->own.name);
    text_copy(m.enrol.public_key, sizeof m.enrol.public_key, n->own.node.public_key);
    if (!channel_send(n->dealer, NULL, &m, &gone, &e))
        log_debug("%s", e.text);
    n->ask_mono = clock_mono_ns() + clock_ms(ASK_EVERY_MS);
}

static void watch_connection(struct enrolment *n)
{
    enum channel_event event;
    while (n->monitor && (event = channel_event(n->monitor)) != CHANNEL_NOTHING) {
        if (event == CHANNEL_REFUSED)
            refused(n, "the coordinator does not know this token (it was revoked?), or is another coordinator than the "
                       "token's");
        else if (event == CHANNEL_CLOSED)
            n->is_open = false;
        else if (event == CHANNEL_OPEN) {
            n->is_open = true;
            ask(n);
        }
    }
}

static void read_answers(struct enrolment *n)
{
    struct message *m = malloc(sizeof *m);
    struct channel_frame frame;
    while (m && !n->is_granted && n->dealer && channel_receive(n->dealer, false, &frame)) {
        struct err e = { 0 };
        if (!channel_frame_decode(&frame, m, &e))
            log_warn("from the coordinator: %s; dropped", e.text);
        else if (m->type == MESSAGE_REFUSED)
            refused(n, m->refused.reason);
        else if (m->type == MESSAGE_GRANTED && strcmp(m->granted.name, n->own.name) == 0)
            n->is_granted = true;
        channel_frame_close(&frame);
    }
    free(m);
}

/* True when it is granted; else a signal (e is empty), or the machine failed. */
static bool loop(struct enrolment *n, int signal_fd, struct err *e)
{
    if (!dial(n, e))
        return false;
    while (!n->is_granted) {
        int64_t now = clock_mono_ns(), wake = now + clock_ms(ASK_EVERY_MS);
        if (now >= n->redial_mono && !dial(n, e))
            return false;
        if (n->is_open && now >= n->ask_mono)
            ask(n);
        zmq_pollitem_t items[] = {
            { .fd = signal_fd, .events = ZMQ_POLLIN },
            { .socket = n->dealer ? zsock_resolve(n->dealer) : NULL, .fd = signal_fd, .events = ZMQ_POLLIN },
            { .socket = n->monitor ? zsock_resolve(n->monitor) : NULL, .fd = signal_fd, .events = ZMQ_POLLIN },
        };
        if (zmq_poll(items, 3, clock_ms_until(wake)) < 0 && errno != EINTR)
            return err_errno(e, errno, "waiting for the coordinator");
        if (items[0].revents)
            return false;
        read_answers(n);
        watch_connection(n);
    }
    return true;
}

bool enrol_run(const struct invite *token, const struct enrol_place *place, const char *program, int signal_fd,
               struct invite *invite, struct err *e)
{
    struct enrolment n = { .token = token, .program = program };
    char pending[640], kept[640];
    bool ok = file_in(place, ".enrol", pending, sizeof pending, e) && file_in(place, ".invite", kept, sizeof kept, e) &&
              prepare(&n, place, pending, e) && loop(&n, signal_fd, e);
    hang_up(&n);
    ok = ok && (rename(pending, kept) == 0 || err_errno(e, errno, "%s", kept));
    if (ok) {
        log_info("enrolled as '%s'; the key is kept in %s", n.own.name, kept);
        *invite = n.own;
    }
    invite_wipe(&n.own);
    return ok;
}
