/* neural_net.h - a net of one hidden layer, trained by back-propagation with momentum (D. E. Rumelhart,
 * G. E. Hinton, R. J. Williams 1986), one pattern after the other. */
#ifndef TARE_NEURAL_NET_H
#define TARE_NEURAL_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEURAL_NET_IN = 35, NEURAL_NET_HIDDEN = 8, NEURAL_NET_OUT = 8 };

struct neural_net {
    double hidden_weights[NEURAL_NET_HIDDEN][NEURAL_NET_IN], hidden_changes[NEURAL_NET_HIDDEN][NEURAL_NET_IN];
    double out_weights[NEURAL_NET_OUT][NEURAL_NET_HIDDEN], out_changes[NEURAL_NET_OUT][NEURAL_NET_HIDDEN];
    double hidden[NEURAL_NET_HIDDEN], out[NEURAL_NET_OUT];
};

struct neural_net_pattern {
    double in[NEURAL_NET_IN], out[NEURAL_NET_OUT];
};

/* Small random weights of a seed. */
void neural_net_start(struct neural_net *net, uint64_t seed);

/* Fill net->hidden and net->out. */
void neural_net_recall(struct neural_net *net, const double in[NEURAL_NET_IN]);

/* One pass over the patterns; returns the largest error of an output before it was learned from. */
double neural_net_pass(struct neural_net *net, const struct neural_net_pattern *patterns, size_t count);

#endif
