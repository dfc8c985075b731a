/* letter_net.c - the net learns the codes of the capitals until each output is within 0.1 of what it should be. */
#include <math.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"
#include "workloads/cpu/letters.h"
#include "workloads/cpu/neural_net.h"

enum { PASSES_MOST = 20000, SEED = 9 };

static const double LOW = 0.1, HIGH = 0.9, ERROR_MOST = 0.1;

struct letter_state {
    struct neural_net net;
    struct neural_net_pattern patterns[LETTERS_COUNT];
    uint32_t passes;
};

static void make(void *state)
{
    struct letter_state *s = state;
    for (int i = 0; i < LETTERS_COUNT; i++) {
        struct neural_net_pattern *p = &s->patterns[i];
        for (int j = 0; j < NEURAL_NET_IN; j++)
            p->in[j] = LETTERS[i][j / LETTERS_COLUMNS][j % LETTERS_COLUMNS] == '#' ? HIGH : LOW;
        for (int k = 0; k < NEURAL_NET_OUT; k++)
            p->out[k] = ('A' + i) >> k & 1 ? HIGH : LOW;
    }
}

static void load(void *state)
{
    struct letter_state *s = state;
    neural_net_start(&s->net, SEED);
    s->passes = 0;
}

static uint64_t work(void *state)
{
    struct letter_state *s = state;
    double error = 1;
    while (!(error < ERROR_MOST) && s->passes < PASSES_MOST) {
        error = neural_net_pass(&s->net, s->patterns, LETTERS_COUNT);
        s->passes++;
    }
    return 1;
}

/* Learning one letter moves what was learned of another, so recall may be off by a little more. */
static bool check(const void *state, struct err *e)
{
    const struct letter_state *s = state;
    struct neural_net net = s->net;
    if (s->passes == 0 || s->passes == PASSES_MOST)
        return err_set(e, ERR_INTERNAL, "the net has not learned the letters in %u passes", s->passes);
    for (int i = 0; i < LETTERS_COUNT; i++) {
        neural_net_recall(&net, s->patterns[i].in);
        for (int k = 0; k < NEURAL_NET_OUT; k++)
            if (!(fabs(net.out[k] - s->patterns[i].out[k]) < 2 * ERROR_MOST))
                return err_set(e, ERR_INTERNAL, "the net does not recall the letter %c: output %d is %g", 'A' + i, k,
                               net.out[k]);
    }
    return true;
}

const struct kernel KERNEL_NEURAL_NET = { sizeof(struct letter_state), make, load, work, check };
