#include "witness.h"

#include "base/units.h"

static bool contradicts(const struct raw_trial *raw, const struct raw_end *receiver, const struct raw_end *sender,
                        int64_t *by_ns)
{
    const struct bounds *of_receiver = raw->nodes[receiver->node].bounds, *of_sender = raw->nodes[sender->node].bounds;
    struct bounds_interval arrived, first;
    if (receiver->stream.arrived_ns == 0 || sender->stream.first_op_ns == 0 || !of_receiver || !of_sender ||
        !bounds_at(of_receiver, receiver->stream.arrived_ns, &arrived, NULL) ||
        !bounds_at(of_sender, sender->stream.first_op_ns, &first, NULL))
        return false;
    *by_ns = first.low_ns - arrived.high_ns;
    return *by_ns > 0;
}

bool witness_check(const struct raw_trial *raw, struct trial *trial, struct err *e)
{
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *receiver = &raw->ends[i], *sender = raw_opposite(raw, receiver);
        int64_t by_ns;
        char text[40];
        if (!receiver->is_over || receiver->stream.sends || !sender || !sender->is_over || !sender->stream.sends ||
            !contradicts(raw, receiver, sender, &by_ns))
            continue;
        if (trial->verdict == VERDICT_TOGETHER || trial->verdict == VERDICT_SINGLE)
            trial->verdict = VERDICT_UNPROVEN;
        const char *from = raw->nodes[sender->node].name, *to = raw->nodes[receiver->node].name;
        if (!trial_add_flag(trial, (int)(sender - raw->ends), "witness", (double)by_ns / 1e9, 0,
                            "the kernel of %s had the first bytes at least %s before %s says that it sent them", to,
                            units_show_ns((double)by_ns, text, sizeof text), from))
            return err_set(e, ERR_INTERNAL, "out of memory");
    }
    return true;
}
