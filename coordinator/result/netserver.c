#include "netserver.h"

enum { BYTES_A_KB = 1024 };

bool netserver_is_other(const struct raw_trial *raw, const struct raw_end *end)
{
    return raw->nodes[end->other].is_stock;
}

/* It counts from the first one on, and knows of no warm-up. */
static bool tells_datagrams(const struct raw_trial *raw, const struct raw_end *load)
{
    return load->has_netserver && !*load->netserver.unsaid && raw->warmup_ns <= 0;
}

double netserver_datagrams(const struct raw_trial *raw, const struct raw_end *load)
{
    return tells_datagrams(raw, load) ? (double)load->netserver.operations : -1;
}

double netserver_datagram_bytes(const struct raw_trial *raw, const struct raw_end *load)
{
    return tells_datagrams(raw, load) ? (double)load->netserver.received : -1;
}

static bool add(struct stream *s, const char *name, const char *unit, double value)
{
    return stream_add_figure(s, name, unit, value, WINDOW_WHOLE, FIGURE_ON_OWN);
}

static bool add_cpu(const struct raw_trial *raw, const struct message_netserver *m, double work, struct stream *s)
{
    bool transacts = raw->kind == RAW_TRANSACTIONS;
    if (m->cpu_ppm < 0)
        return true;
    double used_us = (double)m->cpu_ppm / 1e6 * m->cpus * (double)m->elapsed_ns / 1e3;
    return add(s, "netserver_cpu", "%", (double)m->cpu_ppm / 1e4) &&
           (work <= 0 || add(s, "netserver_demand", transacts ? "us/transaction" : "us/KB",
                             used_us / (transacts ? work : work / BYTES_A_KB)));
}

bool netserver_add(const struct raw_trial *raw, const struct raw_end *load, struct trial *trial, size_t index)
{
    struct stream *s = &trial->streams[index];
    const struct message_netserver *m = &load->netserver;
    if (!netserver_is_other(raw, load))
        return true;
    if (raw->kind == RAW_DATAGRAMS && raw->warmup_ns > 0 &&
        !trial_add_flag(
            trial, (int)index, "netserver", 0, 0,
            "a stock netserver does not tell a warm-up's datagrams from the rest: what arrived is not known; "
            "leave the warm-up out"))
        return false;
    if (!load->has_netserver)
        return true;
    if (*m->unsaid)
        return trial_add_flag(trial, (int)index, "netserver", 0, 0, "%s", m->unsaid);
    bool transacts = raw->kind == RAW_TRANSACTIONS;
    double bytes = (double)(load->stream.sends ? m->received : m->sent);
    return (transacts ? add(s, "netserver_transactions", "1", (double)m->operations)
                      : add(s, "netserver_bytes", "B", bytes)) &&
           add_cpu(raw, m, transacts ? (double)m->operations : bytes, s);
}
