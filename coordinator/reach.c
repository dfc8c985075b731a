#include "reach.h"

#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "wire/channel.h"

bool reach_take(struct reach_options *options, int option, const char *value, struct err *e)
{
    if (option == REACH_LAB) {
        options->is_lab = true;
        options->lab_name = value;
        return true;
    }
    if (!units_parse_int(value, &options->port, e))
        return err_wrap(e, "--port");
    return (options->port > 0 && options->port <= UINT16_MAX) ||
           err_set(e, ERR_USAGE, "--port: '%s' is outside 1 to 65535", value);
}

/* The labs whose run serves; the only one is taken. */
static bool find_lab_run(struct reach *r, struct err *e)
{
    struct lab_names names;
    char listed[256] = "";
    size_t count = 0;
    if (!lab_list(&names, e))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        struct lab *lab = NULL;
        struct client *client = NULL;
        struct control_place place;
        bool is_served = lab_find(names.names[i], &lab, NULL) && control_place(lab_directory(lab), 0, &place, NULL) &&
                         client_open(&place, &client, NULL) && client;
        if (is_served)
            text_append(listed, sizeof listed, "%s%s", count++ ? ", " : "", names.names[i]);
        if (is_served && count == 1) {
            r->lab = lab;
            r->client = client;
            r->place = place;
        } else {
            client_close(&client);
            lab_close(&lab);
        }
    }
    return count < 2 || err_set(e, ERR_USAGE, "several runs in labs go on, say which: --lab=%s", listed);
}

bool reach_open(const struct reach_options *options, struct reach *r, struct err *e)
{
    r->port = options->port ? (unsigned)options->port : CHANNEL_PORT;
    if (options->is_lab && !lab_find(options->lab_name, &r->lab, e))
        return false;
    if (!control_place(r->lab ? lab_directory(r->lab) : NULL, r->port, &r->place, e) ||
        !client_open(&r->place, &r->client, e))
        return false;
    if (r->client || r->lab || options->port || !options->may_find_lab)
        return true;
    if (!find_lab_run(r, e))
        return false;
    if (r->lab)
        log_info("the run in lab '%s':", lab_name(r->lab));
    return true;
}

bool reach_keyring(struct reach *r, struct err *e)
{
    char dir[512];
    bool fits = r->lab ? text_copy(dir, sizeof dir, lab_directory(r->lab)) || err_set(e, ERR_USAGE, "too long a path")
                       : keyring_default_dir(dir, sizeof dir, e);
    return fits && keyring_open(dir, &r->keyring, e);
}

bool reach_serve(struct reach *r, struct err *e)
{
    /* The lab first: only a process of one thread can move, and the hub starts some. */
    if (r->lab && !lab_enter(r->lab, LAB_COORDINATOR, e))
        return false;
    if ((!r->keyring && !reach_keyring(r, e)) || !hub_open(r->keyring, r->port, &r->hub, e))
        return false;
    const struct control_options control = { .hub = r->hub, .gives_way = &r->gives_way, .place = r->place };
    return control_open(&control, &r->control, e);
}

bool reach_visit(struct reach *r, struct err *e)
{
    enum key_right right = KEY_NONE;
    if (!reach_keyring(r, e))
        return false;
    for (size_t i = 0; right != KEY_NODE && keyring_nth(r->keyring, i, &right); i++)
        ;
    if (right != KEY_NODE)
        return err_set(e, ERR_USAGE, "no node has a key yet: `tare invite NAME` makes one");
    return reach_serve(r, e);
}

void reach_tell_change(const struct reach *r)
{
    struct client *client = NULL;
    struct err e = { 0 };
    if (client_open(&r->place, &client, &e) && client &&
        !client_ask(client, json_pack("{s:s}", "verb", "reload"), NULL, &e))
        log_warn("the coordinator that serves has not heard of this change: %s", e.text);
    client_close(&client);
}

void reach_close(struct reach *r, const char *farewell)
{
    client_close(&r->client);
    control_close(&r->control);
    hub_close(&r->hub, farewell);
    keyring_close(&r->keyring);
    lab_close(&r->lab);
}
