#include "mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct letter {
    struct letter *next;
    struct message message;
};

struct mailbox {
    int fd;
    pthread_mutex_t lock;
    struct letter *first, **last; /* guarded */
};

bool mailbox_new(struct mailbox **box, struct err *e)
{
    struct mailbox *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(e, ERR_INTERNAL, "out of memory");
    b->last = &b->first;
    b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (b->fd < 0) {
        err_errno(e, errno, "no event descriptor");
        free(b);
        return false;
    }
    pthread_mutex_init(&b->lock, NULL);
    *box = b;
    return true;
}

void mailbox_destroy(struct mailbox **box)
{
    struct mailbox *b = *box;
    *box = NULL;
    if (!b)
        return;
    for (struct letter *letter; (letter = b->first);) {
        b->first = letter->next;
        free(letter);
    }
    close(b->fd);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

int mailbox_fd(const struct mailbox *box) { return box->fd; }

bool mailbox_put(struct mailbox *b, const struct message *m)
{
    struct letter *letter = malloc(sizeof *letter);
    uint64_t one = 1;
    if (!letter)
        return false;
    *letter = (struct letter){ .message = *m };
    pthread_mutex_lock(&b->lock);
    *b->last = letter;
    b->last = &letter->next;
    if (write(b->fd, &one, sizeof one) < 0)
        one = 0; /* EAGAIN: it is raised already */
    pthread_mutex_unlock(&b->lock);
    return true;
}

bool mailbox_take(struct mailbox *b, struct message *m)
{
    uint64_t count;
    pthread_mutex_lock(&b->lock);
    struct letter *letter = b->first;
    if (letter) {
        b->first = letter->next;
        if (!b->first)
            b->last = &b->first;
        *m = letter->message;
    } else if (read(b->fd, &count, sizeof count) < 0) {
        count = 0; /* EAGAIN: it was not raised */
    }
    pthread_mutex_unlock(&b->lock);
    free(letter);
    return letter != NULL;
}
