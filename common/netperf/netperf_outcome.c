#include "netperf_outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { CPUS_MAX = 64 * 1024, KIB = 1024, UNSET = -1 };

static bool is_classic(const struct netperf_test *test) { return test->kind == NETPERF_SENDFILE; }

enum control_form netperf_answer_form(const struct netperf_test *test)
{
    return is_classic(test) ? CONTROL_FORM_STREAM_ANSWER : CONTROL_FORM_OMNI_ANSWER;
}

enum control_form netperf_results_form(const struct netperf_test *test)
{
    return is_classic(test) ? CONTROL_FORM_STREAM_RESULTS : CONTROL_FORM_OMNI_RESULTS;
}

/* ---- the answer to a request ---- */

void netperf_write_answer(const struct netperf_test *test, const struct netperf_answer *answer, struct control *c)
{
    *c = (struct control){ .type = CONTROL_OMNI_RESPONSE, .form = netperf_answer_form(test) };
    if (is_classic(test)) {
        c->type = CONTROL_TCP_STREAM_RESPONSE;
        c->stream_answer = (struct control_stream_answer){ .receive_buffer = answer->receive_buffer,
                                                           .receive_size = answer->receive_bytes,
                                                           .nodelay = test->nodelay,
                                                           .measure_cpu = test->measures_cpu,
                                                           .length = netperf_length(test),
                                                           .send_buffer = answer->send_buffer,
                                                           .data_port = answer->data_port,
                                                           .cpu_rate = (float)answer->cpu_rate };
        return;
    }
    c->omni_answer = (struct control_omni_answer){
        .receive_buffer = answer->receive_buffer,
        .receive_size = answer->receive_bytes > 0 ? answer->receive_bytes : UNSET,
        .receive_width = 1,
        .send_buffer = answer->send_buffer,
        .send_size = answer->send_bytes > 0 ? answer->send_bytes : UNSET,
        .send_width = 1,
        .flags = (test->nodelay ? CONTROL_NODELAY : 0U) | (test->measures_cpu ? CONTROL_MEASURE_CPU : 0U),
        .cpu_rate = (float)answer->cpu_rate,
        .length = netperf_length(test),
        .data_port = answer->data_port,
        .priority = UNSET,
        .type_of_service = UNSET,
    };
}

void netperf_write_refusal(const struct control *request, int errno_value, struct control *c)
{
    *c = (struct control){ .type = request->type + 1, .word = errno_value, .form = CONTROL_FORM_OTHER };
}

static bool is_refusal(const struct control *c, struct err *e)
{
    if (c->word == CONTROL_UNKNOWN)
        err_set(e, ERR_PARTIAL, "the netserver does not know this test (error 998)");
    else if (c->word != 0)
        err_set(e, ERR_PARTIAL, "the netserver refuses the test (error %" PRId32 ": %s)", c->word,
                c->word > 0 ? strerror(c->word) : "?");
    return c->word != 0;
}

static int32_t at_least_0(int32_t value) { return value > 0 ? value : 0; }

bool netperf_read_answer(const struct netperf_test *test, const struct control *c, struct netperf_answer *answer,
                         struct err *e)
{
    const struct control_omni_answer *o = &c->omni_answer;
    const struct control_stream_answer *s = &c->stream_answer;
    if (is_refusal(c, e))
        return false;
    int32_t port = is_classic(test) ? s->data_port : o->data_port;
    if (port <= 0 || port > UINT16_MAX)
        return err_set(e, ERR_PARTIAL, "the netserver tells a data port that is none (%" PRId32 "): is it netperf 2.7?",
                       port);
    *answer = is_classic(test) ? (struct netperf_answer){ .receive_bytes = at_least_0(s->receive_size),
                                                          .send_buffer = at_least_0(s->send_buffer),
                                                          .receive_buffer = at_least_0(s->receive_buffer),
                                                          .cpu_rate = (double)s->cpu_rate }
                               : (struct netperf_answer){ .send_bytes = at_least_0(o->send_size),
                                                          .receive_bytes = at_least_0(o->receive_size),
                                                          .send_buffer = at_least_0(o->send_buffer),
                                                          .receive_buffer = at_least_0(o->receive_buffer),
                                                          .cpu_rate = (double)o->cpu_rate };
    answer->data_port = (uint16_t)port;
    return true;
}

/* ---- results ---- */

double netperf_service_demand(enum netperf_kind kind, const struct netperf_outcome *outcome)
{
    bool is_transactions = kind == NETPERF_RR || kind == NETPERF_CRR || kind == NETPERF_UDP_RR;
    double work = is_transactions ? (double)outcome->transactions
                                  : ((double)outcome->bytes_received + (double)outcome->bytes_sent) / KIB;
    if (work <= 0)
        return 0;
    return outcome->cpu_percent * 1e4 * outcome->cpus * outcome->elapsed_s / work;
}

void netperf_write_results(const struct netperf_test *test, const struct netperf_outcome *o, struct control *c)
{
    *c = (struct control){ .type = CONTROL_OMNI_RESULTS, .form = netperf_results_form(test) };
    if (is_classic(test)) {
        c->type = CONTROL_TCP_STREAM_RESULTS;
        c->stream_results =
            (struct control_stream_results){ .bytes_received = (double)o->bytes_received,
                                             .receive_calls = (uint32_t)o->receive_calls,
                                             .elapsed_s = (float)o->elapsed_s,
                                             .cpu_percent = o->has_cpu ? (float)o->cpu_percent : 0,
                                             .service_demand = o->has_cpu ? (float)o->service_demand : 0,
                                             .cpu_method = o->has_cpu ? CONTROL_CPU_FROM_PROC_STAT : 0,
                                             .cpus = o->cpus,
                                             .receive_buffer = o->receive_buffer,
                                             .send_buffer = o->send_buffer };
        return;
    }
    struct control_omni_results *r = &c->omni_results;
    *r = (struct control_omni_results){
        .bytes_received = (uint64_t)o->bytes_received,
        .receive_calls = (uint32_t)o->receive_calls,
        .receive_buffer = (uint32_t)o->receive_buffer,
        .bytes_sent = (uint64_t)o->bytes_sent,
        .send_calls = (uint32_t)o->send_calls,
        .send_buffer = (uint32_t)o->send_buffer,
        .transactions = (uint32_t)o->transactions,
        .elapsed_s = (float)o->elapsed_s,
        .cpus = o->cpus,
        .retransmits = o->retransmits,
    };
    if (o->has_cpu) {
        r->cpu_percent = (float)o->cpu_percent;
        r->user_percent = (float)o->user_percent;
        r->system_percent = (float)o->system_percent;
        r->iowait_percent = (float)o->iowait_percent;
        r->service_demand = (float)o->service_demand;
        r->cpu_method = CONTROL_CPU_FROM_PROC_STAT;
        r->peak_percent = r->cpu_percent;
    }
    text_copy(r->congestion, sizeof r->congestion, o->congestion);
}

static int64_t count_of(uint64_t value) { return value <= INT64_MAX ? (int64_t)value : INT64_MAX; }

/* What was asked for may be told; what was not set holds anything. */
static void read_cpu(const struct netperf_test *test, double percent, int32_t method, int32_t cpus,
                     struct netperf_outcome *o)
{
    o->has_cpu = test->measures_cpu && method > 0 && percent >= 0 && percent <= 100.5 && cpus > 0 && cpus <= CPUS_MAX;
    if (!o->has_cpu)
        return;
    o->cpu_percent = percent < 100 ? percent : 100;
    o->cpus = cpus;
    o->service_demand = netperf_service_demand(test->kind, o);
}

static double share_of(const struct netperf_outcome *o, float percent)
{
    return o->has_cpu && percent > 0 && percent <= 100 ? (double)percent : 0;
}

bool netperf_read_results(const struct netperf_test *test, const struct control *c, struct netperf_outcome *outcome,
                          struct err *e)
{
    struct netperf_outcome o = { .retransmits = UNSET };
    if (is_refusal(c, e))
        return false;
    if (is_classic(test)) {
        const struct control_stream_results *s = &c->stream_results;
        if (s->bytes_received < 0 || s->bytes_received > 9e18)
            return err_set(e, ERR_PARTIAL, "the netserver has received %g bytes: that cannot be", s->bytes_received);
        o.bytes_received = (int64_t)s->bytes_received;
        o.receive_calls = s->receive_calls;
        o.elapsed_s = (double)s->elapsed_s;
        read_cpu(test, (double)s->cpu_percent, s->cpu_method, s->cpus, &o);
    } else {
        const struct control_omni_results *r = &c->omni_results;
        o.bytes_received = count_of(r->bytes_received);
        o.receive_calls = r->receive_calls;
        o.bytes_sent = count_of(r->bytes_sent);
        o.send_calls = r->send_calls;
        o.transactions = r->transactions;
        o.elapsed_s = (double)r->elapsed_s;
        read_cpu(test, (double)r->cpu_percent, r->cpu_method, r->cpus, &o);
        o.user_percent = share_of(&o, r->user_percent);
        o.system_percent = share_of(&o, r->system_percent);
        o.iowait_percent = share_of(&o, r->iowait_percent);
        o.send_buffer = at_least_0((int32_t)r->send_buffer);
        o.receive_buffer = at_least_0((int32_t)r->receive_buffer);
        o.retransmits = r->retransmits;
        text_copy(o.congestion, sizeof o.congestion, r->congestion);
    }
    if (o.elapsed_s < 0 || o.elapsed_s > 2.0 * NETPERF_LENGTH_MAX_S)
        return err_set(e, ERR_PARTIAL, "the netserver's test took %g s: that cannot be", o.elapsed_s);
    *outcome = o;
    return true;
}
