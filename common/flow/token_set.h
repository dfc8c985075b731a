/* token_set.h - what both ways of making data connections share: the hello, and the flows of a trial as they come in.
 */
#ifndef TARE_TOKEN_SET_H
#define TARE_TOKEN_SET_H

#include "flow/token.h"

enum { TOKEN_HELLO_BYTES = TOKEN_BYTES + 4 };

/* The first words of flow `number`: the trial's token and the number (32 bits, big-endian). */
void token_hello(const struct token *token, uint32_t number, unsigned char hello[TOKEN_HELLO_BYTES]);

struct token_set {
    const struct token *token;
    unsigned count, taken, refused; /* of the flows that are due; `refused` for the message of a deadline */
    int fds[TOKEN_FLOWS_MAX];       /* -1: still missing */
};

/* Refuses a count that is not between 1 and TOKEN_FLOWS_MAX. `token` is borrowed. */
MUST_CHECK bool token_set_begin(struct token_set *set, const struct token *token, unsigned count, struct err *e);

/* The number of the flow whose hello these `size` bytes are; -1: of none that is missing. */
int token_set_place(const struct token_set *set, const unsigned char *hello, size_t size);

/* Flow `number` is here, by a socket that the set owns from now on. */
void token_set_take(struct token_set *set, int number, int fd);

/* With `ok` all sockets, which block from now on, become the caller's as `fds[number]`; else, or when that fails,
 * none is left open, and `fds` untouched. Returns whether they did. */
MUST_CHECK bool token_set_end(struct token_set *set, bool ok, int *fds, struct err *e);

#endif
