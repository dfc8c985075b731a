/* mailbox.h - messages from one thread to another, with a descriptor to wait on. */
#ifndef TARE_MAILBOX_H
#define TARE_MAILBOX_H

#include "base/err.h"
#include "wire/message.h"

struct mailbox;

MUST_CHECK bool mailbox_new(struct mailbox **box, struct err *e);
void mailbox_destroy(struct mailbox **box);

/* Readable when there is something to take. */
int mailbox_fd(const struct mailbox *box);

/* A copy of `m`. False when memory is out: it is lost, and the other side's deadline tells. */
bool mailbox_put(struct mailbox *box, const struct message *m);

/* The oldest one; false when there is none. */
bool mailbox_take(struct mailbox *box, struct message *m);

#endif
