/* lending.c - a guest that a trial of this agent's own begins and ends. */
#include "guests/keeper_parts.h"

#include "base/text.h"

void guest_lend(struct keeper *k, const struct message_guest_start *order)
{
    struct err e = { .text = "" };
    struct guest probe = { .is_built_in = order->domain[0] == '\0' };
    struct guest *g = guest_find(k, order->guest);
    if (g)
        guest_end(k, g);
    if (guest_may_begin(k, order, &probe, &e))
        loan_offer(k->loan, order);
    else
        loan_refuse(k->loan, e.text);
}

void guest_deny(struct keeper *k, const struct message_guest_stop *order)
{
    struct guest none = { .attempt = order->attempt, .console_fd = -1 };
    text_copy(none.name, sizeof none.name, order->guest);
    guest_tell(k, &none, GUEST_OFF, 0, "it is not there");
}
