#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "netperf/control_link.h"
#include "netperf/netperf_outcome.h"
#include "test_run.h"

enum { CPU_RATE = 100 };

static struct control_wait wait_of(const struct client *c, int64_t first_ms)
{
    return (struct control_wait){ .first_ms = first_ms,
                                  .rest_ms = service_options(c->service)->patience.rest_ms,
                                  .cancel_fd = c->cancel_fd };
}

static bool tell(const struct client *c, const struct control *answer, struct err *e)
{
    const struct control_wait wait = wait_of(c, 0);
    return control_send(c->fd, answer, &wait, e);
}

/* ---- the line of the log that a test has ---- */

static void log_test(const char *from, const struct netperf_test *t, const struct netperf_answer *answer,
                     const struct netperf_outcome *o, const char *why)
{
    char line[512] = "", rate[32];
    text_append(line, sizeof line, "netperf client=%s test=%s port=%u", from, netperf_kind_name(t->kind),
                (unsigned)answer->data_port);
    if (t->units > 0)
        text_append(line, sizeof line, " units=%" PRId64, t->units);
    else
        text_append(line, sizeof line, " length=%" PRId32 "s", netperf_length(t));
    text_append(line, sizeof line, " received=%" PRId64 " sent=%" PRId64 " elapsed=%.3fs", o->bytes_received,
                o->bytes_sent, o->elapsed_s);
    if (o->transactions > 0)
        text_append(line, sizeof line, " transactions=%" PRId64, o->transactions);
    else if (o->elapsed_s > 0)
        text_append(line, sizeof line, " rate='%s'",
                    units_show_rate((double)(o->bytes_received + o->bytes_sent) * 8 / o->elapsed_s, rate, sizeof rate));
    if (o->has_cpu)
        text_append(line, sizeof line, " cpu=%.2f%%", o->cpu_percent);
    if (*why)
        log_warn("%s result='%s'", line, why);
    else
        log_info("%s result=done", line);
}

/* ---- what a client may ask for ---- */

static bool refuse(const struct client *c, const struct control *request, int errno_value, const char *from,
                   const char *why, struct err *e)
{
    struct control answer;
    netperf_write_refusal(request, errno_value, &answer);
    log_warn("netperf client=%s result=refused errno=%d reason='%s'", from, errno_value, why);
    return tell(c, &answer, e);
}

/* The test has ended; what its results say comes after. */
static void end_test(struct client *c, struct test_run *run)
{
    test_run_release(run);
    service_end_test(c->service);
    atomic_store(&c->state, CLIENT_WAITING);
}

static bool conduct(struct client *c, struct test_run *run, const char *from, struct err *e)
{
    struct netperf_outcome outcome;
    struct control answer;
    struct err why = { 0 };
    netperf_write_answer(run->test, &run->answer, &answer);
    bool ok = tell(c, &answer, e) && test_run_conduct(run, &outcome, &why, e);
    end_test(c, run); /* first: on its results the client may ask for the next one */
    if (!ok)
        return err_wrap(e, "%s", netperf_kind_name(run->test->kind));
    log_test(from, run->test, &run->answer, &outcome, why.text);
    netperf_write_results(run->test, &outcome, &answer);
    return tell(c, &answer, e);
}

static bool test(struct client *c, const struct control *request, const char *from, struct err *e)
{
    struct netperf_test asked;
    struct err why = { 0 };
    int refusal = netperf_read_request(request, &asked, &why);
    if (refusal)
        return refuse(c, request, refusal, from, why.text, e);
    refusal = service_begin_test(c->service);
    if (refusal)
        return refuse(c, request, refusal, from,
                      refusal == EBUSY ? "a run of tare has this machine" : "as many tests as may be are at work", e);
    struct test_run run = { .test = &asked,
                            .options = service_options(c->service),
                            .control_fd = c->fd,
                            .cancel_fd = c->cancel_fd,
                            .data_fd = -1 };
    atomic_store(&c->state, CLIENT_TESTING);
    if (test_run_prepare(&run, &refusal, &why))
        return conduct(c, &run, from, e);
    end_test(c, &run);
    return refuse(c, request, refusal, from, why.text, e);
}

static bool calibrate(struct client *c, struct err *e)
{
    return tell(
        c,
        &(struct control){ .type = CONTROL_CPU_CALIBRATED,
                           .form = CONTROL_FORM_CALIBRATION,
                           .calibration = { .rate = CPU_RATE, .cpus = (int32_t)sysconf(_SC_NPROCESSORS_ONLN) } },
        e);
}

/* In time that does not tell how much of it was right. */
static bool is_passphrase(const struct service_options *o, const struct control *request)
{
    unsigned char expected[sizeof request->passphrase.text] = { 0 };
    memcpy(expected, o->passphrase, strlen(o->passphrase));
    return sodium_memcmp(expected, request->passphrase.text, sizeof expected) == 0;
}

/* True: go on with the next message. */
static bool serve_request(struct client *c, const unsigned char bytes[CONTROL_BYTES], const char *from, bool *is_in,
                          struct err *e)
{
    char name[32];
    struct control request;
    bool is_known = control_decode_request(bytes, &request);
    if (is_known && request.type == CONTROL_PASSPHRASE) {
        *is_in = *is_in || is_passphrase(service_options(c->service), &request);
        return *is_in || err_set(e, ERR_USAGE, "a wrong passphrase");
    }
    if (!*is_in) /* as netserver does: no word, the end */
        return err_set(e, ERR_USAGE, "no passphrase (netperf -Z)");
    switch (is_known ? request.type : 0) {
    case CONTROL_DEBUG_ON:
    case CONTROL_DEBUG_OFF:
        return tell(c, &(struct control){ .type = CONTROL_DEBUG_OK, .form = CONTROL_FORM_OTHER }, e);
    case CONTROL_CPU_CALIBRATE: return calibrate(c, e);
    case CONTROL_DO_OMNI:
    case CONTROL_DO_TCP_STREAM: return test(c, &request, from, e);
    default: return refuse(c, &request, CONTROL_UNKNOWN, from, control_name(request.type, name, sizeof name), e);
    }
}

void client_serve(struct client *c)
{
    char address[SERVICE_ADDRESS];
    const char *from = allow_show(&c->from, address, sizeof address);
    const struct service_options *o = service_options(c->service);
    bool is_in = !*o->passphrase;
    unsigned char bytes[CONTROL_BYTES];
    struct err e = { 0 };
    enum control_end end;
    for (;;) {
        const struct control_wait wait =
            wait_of(c, atomic_load(&c->state) == CLIENT_SILENT ? o->patience.first_ms : o->patience.next_ms);
        end = control_receive(c->fd, bytes, &wait, &e);
        if (end != CONTROL_CAME)
            break;
        atomic_store(&c->state, CLIENT_WAITING);
        if (!serve_request(c, bytes, from, &is_in, &e))
            break;
    }
    if (end == CONTROL_CANCELLED) /* who did it says so */
        log_debug("netperf client=%s result=closed reason='%s'", from, e.text);
    else if (end != CONTROL_CLOSED)
        log_warn("netperf client=%s result=closed reason='%s'", from, e.text);
}
