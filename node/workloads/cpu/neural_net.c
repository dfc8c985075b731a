#include "neural_net.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

static const double RATE = 0.09, MOMENTUM = 0.09;

void neural_net_start(struct neural_net *net, uint64_t seed)
{
    struct random r = { seed };
    memset(net, 0, sizeof *net);
    for (int j = 0; j < NEURAL_NET_HIDDEN; j++) {
        for (int i = 0; i < NEURAL_NET_IN; i++)
            net->hidden_weights[j][i] = ldexp((double)(random_next(&r) >> 11), -53) - 0.5;
        for (int k = 0; k < NEURAL_NET_OUT; k++)
            net->out_weights[k][j] = ldexp((double)(random_next(&r) >> 11), -53) - 0.5;
    }
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

void neural_net_recall(struct neural_net *net, const double in[NEURAL_NET_IN])
{
    for (int j = 0; j < NEURAL_NET_HIDDEN; j++) {
        double sum = 0;
        for (int i = 0; i < NEURAL_NET_IN; i++)
            sum += net->hidden_weights[j][i] * in[i];
        net->hidden[j] = sigmoid(sum);
    }
    for (int k = 0; k < NEURAL_NET_OUT; k++) {
        double sum = 0;
        for (int j = 0; j < NEURAL_NET_HIDDEN; j++)
            sum += net->out_weights[k][j] * net->hidden[j];
        net->out[k] = sigmoid(sum);
    }
}

static void learn(double *weight, double *change, double error, double input)
{
    *change = RATE * error * input + MOMENTUM * *change;
    *weight += *change;
}

double neural_net_pass(struct neural_net *net, const struct neural_net_pattern *patterns, size_t count)
{
    double worst = 0, out_error[NEURAL_NET_OUT], hidden_error[NEURAL_NET_HIDDEN];
    for (const struct neural_net_pattern *p = patterns; p < patterns + count; p++) {
        neural_net_recall(net, p->in);
        for (int k = 0; k < NEURAL_NET_OUT; k++) {
            double error = p->out[k] - net->out[k];
            worst = fmax(worst, fabs(error));
            out_error[k] = error * net->out[k] * (1 - net->out[k]);
        }
        for (int j = 0; j < NEURAL_NET_HIDDEN; j++) {
            double sum = 0;
            for (int k = 0; k < NEURAL_NET_OUT; k++)
                sum += net->out_weights[k][j] * out_error[k];
            hidden_error[j] = sum * net->hidden[j] * (1 - net->hidden[j]);
        }
        for (int k = 0; k < NEURAL_NET_OUT; k++)
            for (int j = 0; j < NEURAL_NET_HIDDEN; j++)
                learn(&net->out_weights[k][j], &net->out_changes[k][j], out_error[k], net->hidden[j]);
        for (int j = 0; j < NEURAL_NET_HIDDEN; j++)
            for (int i = 0; i < NEURAL_NET_IN; i++)
                learn(&net->hidden_weights[j][i], &net->hidden_changes[j][i], hidden_error[j], p->in[i]);
    }
    return worst;
}
