#include "trees.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/mailbox.h"
#include "base/clock.h"
#include "base/text.h"
#include "workloads/compile/tree_cache.h"
#include "workloads/compile/tree_receipt.h"

enum {
    LOOK_MS = 200,          /* at a lock that another process has */
    WORD_MS = 10 * 1000,    /* the next word of it comes within that */
    CHECK_MS = 120 * 1000,  /* to read an archive again */
    UNPACK_MS = 600 * 1000, /* as long as it may take */
    DAMAGED_MOST = 8,
    WHOLE_TRIES = 2,
};

struct trees {
    bool may_build;
    struct mailbox *in, *out;
    int cancel_fd; /* raised: what is at work ends soon */
    _Atomic bool is_closing;
    pthread_t thread;
    /* The thread's own: the one tree in hand. */
    bool is_busy, waits; /* waits: for another process */
    struct message_tree_offer offer;
    struct tree_place place;
    struct tree_receipt receipt;
    int damaged, whole_tries;
};

/* ---- what is told ---- */

static void tell(struct trees *t, enum tree_state state, bool again, int64_t within_ms, const char *text)
{
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return; /* the coordinator's deadline tells */
    m->type = MESSAGE_TREE_STATE;
    m->tree_state = (struct message_tree_state){ .hash_size = TREE_HASH,
                                                 .state = state,
                                                 .again = again,
                                                 .held = t->receipt.held,
                                                 .upto = t->receipt.upto,
                                                 .within_ns = clock_ms(within_ms) };
    memcpy(m->tree_state.hash, t->offer.hash, TREE_HASH);
    text_copy(m->tree_state.text, sizeof m->tree_state.text, text);
    (void)mailbox_put(t->out, m);
    free(m);
}

static void put_down(struct trees *t)
{
    tree_receipt_close(&t->receipt);
    tree_place_unlock(&t->place);
    t->is_busy = t->waits = false;
}

static void refuse(struct trees *t, const struct err *e)
{
    tell(t, TREE_IS_REFUSED, false, 0, e->text);
    put_down(t);
}

static bool is_cancelled(const struct trees *t)
{
    struct pollfd raised = { .fd = t->cancel_fd, .events = POLLIN };
    return poll(&raised, 1, 0) > 0;
}

/* ---- one tree ---- */

/* All of it is here. */
static void finish(struct trees *t)
{
    struct err e = { .text = "" };
    bool is_right = false;
    tell(t, TREE_IS_CHECKING, false, CHECK_MS, "");
    bool ok = tree_receipt_check(&t->receipt, &is_right, &e);
    if (ok && !is_right && ++t->whole_tries < WHOLE_TRIES) {
        tell(t, TREE_IS_TAKING, true, WORD_MS, "what was held is damaged, and thrown away");
        return;
    }
    if (ok && !is_right)
        ok = err_set(&e, ERR_PARTIAL, "the source is not what was offered, twice");
    if (ok) {
        tell(t, TREE_IS_UNPACKING, false, UNPACK_MS + WORD_MS, "");
        ok = tree_place_unpack(&t->place, clock_mono_ns() + clock_ms(UNPACK_MS), t->cancel_fd, &e);
        if (!ok && !is_cancelled(t))
            (void)unlink(t->place.part);
    }
    if (!ok) {
        refuse(t, &e);
        return;
    }
    tell(t, TREE_IS_READY, false, 0, "");
    put_down(t);
    tree_cache_tidy(t->place.cache);
}

/* Have the lock, and see what there is. */
static void begin(struct trees *t)
{
    struct err e = { .text = "" };
    if (tree_place_is_whole(&t->place)) {
        tell(t, TREE_IS_READY, false, 0, "");
        put_down(t);
        return;
    }
    if (!tree_place_lock(&t->place, true, &e)) {
        if (*e.text) {
            refuse(t, &e);
            return;
        }
        if (!t->waits)
            tell(t, TREE_IS_WAITING, false, UNPACK_MS + CHECK_MS, "another agent of this machine has it in hand");
        t->waits = true;
        return;
    }
    t->waits = false;
    if (tree_place_is_whole(&t->place)) { /* since we looked */
        tell(t, TREE_IS_READY, false, 0, "");
        put_down(t);
        return;
    }
    if (!tree_receipt_open(&t->receipt, t->place.part, t->offer.hash, t->offer.size, &e))
        refuse(t, &e);
    else if (tree_receipt_is_full(&t->receipt))
        finish(t);
    else
        tell(t, TREE_IS_TAKING, true, WORD_MS, "");
}

static void on_offer(struct trees *t, const struct message_tree_offer *m)
{
    struct err e = { .text = "" };
    put_down(t);
    t->offer = *m;
    t->receipt = (struct tree_receipt){ .fd = -1 };
    t->damaged = t->whole_tries = 0;
    if (!t->may_build)
        err_set(&e, ERR_USAGE, "this agent builds nothing: start it with --allow builds");
    else if (m->hash_size != TREE_HASH || m->size <= 0)
        err_set(&e, ERR_PARTIAL, "a damaged offer of a tree");
    if (*e.text || !tree_place_of(m->hash, &t->place, &e)) {
        refuse(t, &e);
        return;
    }
    t->is_busy = true;
    begin(t);
}

static void on_chunk(struct trees *t, const struct message_tree_chunk *m)
{
    struct err e = { .text = "" };
    bool is_ours = t->is_busy && t->receipt.fd >= 0 && m->hash_size == TREE_HASH && m->sum_size == TREE_SUM &&
                   memcmp(m->hash, t->offer.hash, TREE_HASH) == 0;
    if (!is_ours)
        return; /* of an offer that is no more */
    switch (tree_receipt_take(&t->receipt, m->offset, m->sum, m->data, m->data_size, &e)) {
    case TREE_PASSED: return;
    case TREE_NO_ROOM: refuse(t, &e); return;
    case TREE_DAMAGED:
        if (++t->damaged > DAMAGED_MOST) {
            err_set(&e, ERR_PARTIAL, "chunks of the source arrive damaged");
            refuse(t, &e);
        } else {
            tell(t, TREE_IS_TAKING, true, WORD_MS, "a chunk was damaged");
        }
        return;
    case TREE_TAKEN: break;
    }
    if (tree_receipt_is_full(&t->receipt))
        finish(t);
    else if (tree_receipt_credit(&t->receipt))
        tell(t, TREE_IS_TAKING, false, WORD_MS, "");
}

/* ---- the thread ---- */

static void lower(int fd)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0)
        return; /* EAGAIN: it was not raised */
}

static void *work(void *arg)
{
    struct trees *t = arg;
    struct message *m = calloc(1, sizeof *m);
    while (m && !atomic_load(&t->is_closing)) {
        struct pollfd fds[] = { { .fd = mailbox_fd(t->in), .events = POLLIN } };
        if (poll(fds, 1, t->waits ? LOOK_MS : -1) < 0 && errno != EINTR)
            break;
        if (t->waits)
            begin(t);
        while (!atomic_load(&t->is_closing) && mailbox_take(t->in, m)) {
            switch (m->type) {
            case MESSAGE_TREE_OFFER: on_offer(t, &m->tree_offer); break;
            case MESSAGE_TREE_CHUNK: on_chunk(t, &m->tree_chunk); break;
            case MESSAGE_BYE:
                put_down(t);
                lower(t->cancel_fd);
                break;
            default: break;
            }
        }
    }
    free(m);
    put_down(t);
    return NULL;
}

/* ---- the session's side ---- */

static void raise_cancel(struct trees *t)
{
    uint64_t one = 1;
    if (write(t->cancel_fd, &one, sizeof one) < 0)
        one = 0; /* it is raised already */
}

void trees_close(struct trees **trees)
{
    struct trees *t = *trees;
    *trees = NULL;
    if (!t)
        return;
    if (t->thread) {
        atomic_store(&t->is_closing, true);
        raise_cancel(t);
        (void)mailbox_put(t->in, &(struct message){ .type = MESSAGE_BYE }); /* wakes it */
        pthread_join(t->thread, NULL);
    }
    mailbox_destroy(&t->in);
    mailbox_destroy(&t->out);
    if (t->cancel_fd >= 0)
        close(t->cancel_fd);
    free(t);
}

bool trees_open(bool may_build, struct trees **trees, struct err *e)
{
    struct trees *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *t = (struct trees){ .may_build = may_build, .place = { .lock_fd = -1 }, .receipt = { .fd = -1 } };
    t->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = (t->cancel_fd >= 0 || err_errno(e, errno, "no event descriptor")) && mailbox_new(&t->in, e) &&
              mailbox_new(&t->out, e);
    if (ok) {
        int failure = pthread_create(&t->thread, NULL, work, t);
        ok = failure == 0 || err_errno(e, failure, "no thread for source trees");
    }
    if (!ok)
        trees_close(&t);
    else
        *trees = t;
    return ok;
}

void trees_leave(struct trees *t)
{
    raise_cancel(t);
    (void)mailbox_put(t->in, &(struct message){ .type = MESSAGE_BYE });
}

bool trees_hear(struct trees *t, const struct message *m)
{
    if (m->type != MESSAGE_TREE_OFFER && m->type != MESSAGE_TREE_CHUNK)
        return false;
    (void)mailbox_put(t->in, m); /* lost: the coordinator's deadline tells */
    return true;
}

int trees_fd(const struct trees *t) { return mailbox_fd(t->out); }
bool trees_next(struct trees *t, struct message *m) { return mailbox_take(t->out, m); }
