/* cmd_nodes.c - `tare nodes`: who is here. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/signals.h"
#include "base/text.h"
#include "commands.h"
#include "control/verbs.h"
#include "node_table.h"
#include "reach.h"

enum {
    WATCH_MS = 1000,
    PROBE_MS = 50,
    NEXT_MS = 5000, /* for the run that a place was made for */
    PROBES = 10,    /* for a bound of the clock that is worth showing */
};

enum nodes_option { OPT_WATCH = REACH_OPTION_COUNT, OPT_FORMAT };

/* clang-format off */
static const struct command_option OPTIONS[] = {
    REACH_OPTIONS,
    [OPT_WATCH] = { .name = "watch", .doc = "again every second, until Ctrl-C; a run may begin and end meanwhile" },
    [OPT_FORMAT] = { .name = "format", .kind = ARGUMENT_WORD, .argument = "table|json",
                     .doc = "for people or for programs" },
};
/* clang-format on */

const struct command tare_nodes = {
    .name = "tare nodes",
    .doc = "the nodes: who is here, its clock, what it does",
    .text = "The nodes that have a key: who is here, what it is, its round trip, how well its clock is known, and the "
            "step that it runs. Without a run it waits for them itself, at most 6 s.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .notes = "JSON: {\"nodes\": [{\"name\", \"role\", \"state\": joined|greeted|lost|revoked|missing, \"product\", "
             "\"program\", \"version\", \"address\", \"rtt_ns\", \"clock_bound_ns\", \"clock_stamps\", \"doing\"}]}, "
             "null for what is "
             "what is not known; with --watch one such object a line.\n\n"
             "Exit codes: 0, 2 usage or no node has a key.",
    .example = "tare nodes --watch",
    .run = cmd_nodes,
};

struct arguments {
    struct reach_options reach;
    bool is_watch, is_json;
};

static void print(const struct arguments *a, const json_t *nodes)
{
    if (a->is_json) {
        json_t *all = json_pack("{s:O}", "nodes", nodes);
        json_dumpf(all, stdout, a->is_watch ? JSON_COMPACT : JSON_INDENT(2));
        json_decref(all);
        putchar('\n');
    } else {
        if (a->is_watch && isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout);
        node_table_print(nodes, stdout);
        if (a->is_watch && !isatty(STDOUT_FILENO))
            putchar('\n');
    }
}

/* ---- from the coordinator that serves ---- */

static bool ask(const struct arguments *a, struct client *client, struct err *e)
{
    json_t *lines = NULL, *nodes;
    if (!client_ask(client, json_pack("{s:s}", "verb", "nodes"), &lines, e))
        return false;
    nodes = json_array();
    for (size_t i = 0; i < json_array_size(lines); i++)
        json_array_append(nodes, json_object_get(json_array_get(lines, i), "node"));
    print(a, nodes);
    json_decref(nodes);
    json_decref(lines);
    return true;
}

/* How the looking on at one coordinator ends. */
enum look { LOOK_DONE, LOOK_FAILED, LOOK_ELSEWHERE /* a run begins or has ended: another serves now */ };

static enum look ask_again(const struct arguments *a, struct client *client, struct err *e)
{
    if (!ask(a, client, e))
        return LOOK_FAILED;
    while (a->is_watch) {
        if (fflush(stdout) != 0)
            return LOOK_DONE; /* nobody reads */
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(WATCH_MS));
        if (!ask(a, client, e))
            return LOOK_ELSEWHERE;
    }
    return LOOK_DONE;
}

/* ---- by itself ---- */

/* Everybody who has a key is here, and the clocks are known. */
static bool is_complete(const struct hub *hub)
{
    const char *name;
    enum key_right right;
    for (size_t i = 0; (name = keyring_nth(hub_keyring(hub), i, &right)); i++) {
        const struct roster_node *n = right == KEY_NODE ? roster_by_name(hub_roster(hub), name) : NULL;
        if (right == KEY_NODE && (!n || !n->is_joined || n->probes < PROBES))
            return false;
    }
    return true;
}

static enum look serve(const struct arguments *a, struct reach *r, struct err *e)
{
    if (!reach_visit(r, e))
        return LOOK_FAILED;
    int64_t begin = clock_mono_ns(), next = begin + clock_ms(a->is_watch ? WATCH_MS : REACH_ALL_MS);
    for (struct hub_event event; hub_next(r->hub, next, &event, e);) {
        if (event.kind == HUB_SIGNAL)
            return r->gives_way ? LOOK_ELSEWHERE : LOOK_DONE;
        if (event.kind == HUB_JOINED)
            hub_probe(r->hub, event.node, clock_ms(PROBE_MS));
        bool is_due = clock_mono_ns() >= next || (!a->is_watch && is_complete(r->hub));
        if (!is_due)
            continue;
        json_t *nodes = verbs_nodes(r->hub, NULL);
        print(a, nodes);
        json_decref(nodes);
        if (fflush(stdout) != 0 || !a->is_watch)
            return LOOK_DONE;
        next += clock_ms(WATCH_MS);
    }
    return LOOK_FAILED;
}

/* ---- whoever it is ---- */

/* Until there is somebody to ask: one that we have made way for opens its socket in a moment. */
static bool reach_next(const struct arguments *a, bool is_awaited, struct reach *r, struct err *e)
{
    int64_t end_mono = clock_mono_ns() + clock_ms(is_awaited ? NEXT_MS : 0);
    for (;;) {
        if (!reach_open(&a->reach, r, e))
            return false;
        if (r->client || clock_mono_ns() >= end_mono)
            return true;
        reach_close(r, NULL);
        *r = (struct reach){ 0 };
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(PROBE_MS));
    }
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    switch (option) {
    case OPT_WATCH: a->is_watch = true; return true;
    case OPT_FORMAT: a->is_json = strcmp(value, "json") == 0; return true;
    default: return reach_take(&a->reach, option, value, e);
    }
}

int cmd_nodes(int argc, char **argv)
{
    struct arguments a = { .reach = { .may_find_lab = true } };
    struct err e = { 0 };
    int code = command_begin(&tare_nodes, argc, argv, take, &a);
    if (code >= 0)
        return code;
    enum look end = LOOK_ELSEWHERE;
    for (bool is_awaited = false; end == LOOK_ELSEWHERE;) {
        struct reach r = { 0 };
        end = !reach_next(&a, is_awaited, &r, &e) ? LOOK_FAILED
              : r.client                          ? ask_again(&a, r.client, &e)
                                                  : serve(&a, &r, &e);
        if (end == LOOK_ELSEWHERE && r.lab && !a.reach.is_lab)
            end = LOOK_DONE; /* a lab that was made for its run has gone with it */
        is_awaited = r.gives_way;
        reach_close(&r, r.gives_way ? "a run begins" : "`tare nodes` has seen enough");
        signals_obey_at_once(); /* the hub had taken them */
    }
    return end == LOOK_DONE ? 0 : command_fail(&tare_nodes, &e);
}
