#include "token_set.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "flow/sockopt.h"

void token_hello(const struct token *token, uint32_t number, unsigned char hello[TOKEN_HELLO_BYTES])
{
    memcpy(hello, token->bytes, TOKEN_BYTES);
    memcpy(hello + TOKEN_BYTES, &(uint32_t){ htonl(number) }, sizeof number);
}

bool token_set_begin(struct token_set *set, const struct token *token, unsigned count, struct err *e)
{
    if (count == 0 || count > TOKEN_FLOWS_MAX)
        return err_set(e, ERR_USAGE, "%u flows asked for; between 1 and %d are possible", count, TOKEN_FLOWS_MAX);
    *set = (struct token_set){ .token = token, .count = count };
    for (unsigned i = 0; i < TOKEN_FLOWS_MAX; i++)
        set->fds[i] = -1;
    return true;
}

int token_set_place(const struct token_set *set, const unsigned char *hello, size_t size)
{
    uint32_t number = UINT32_MAX;
    /* The token in a time that does not tell how much of it was right. */
    if (size == TOKEN_HELLO_BYTES && sodium_memcmp(hello, set->token->bytes, TOKEN_BYTES) == 0) {
        memcpy(&number, hello + TOKEN_BYTES, sizeof number);
        number = ntohl(number);
    }
    return number < set->count && set->fds[number] < 0 ? (int)number : -1;
}

void token_set_take(struct token_set *set, int number, int fd)
{
    set->fds[number] = fd;
    set->taken++;
}

bool token_set_end(struct token_set *set, bool ok, int *fds, struct err *e)
{
    for (unsigned i = 0; ok && i < set->count; i++)
        ok = sockopt_blocking(set->fds[i], e);
    for (unsigned i = 0; i < set->count; i++) {
        if (ok)
            fds[i] = set->fds[i];
        else if (set->fds[i] >= 0)
            close(set->fds[i]);
    }
    return ok;
}
