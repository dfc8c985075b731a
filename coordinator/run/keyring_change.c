#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/keyring_db.h"

static bool check_name(const char *name, struct err *e)
{
    if (!text_is_name(name))
        return err_set(e, ERR_USAGE, "'%.64s' is not a name (letters, digits, '-', '_', '.', at most 63)", name);
    return strncmp(name, KEYRING_TOKEN_PREFIX, strlen(KEYRING_TOKEN_PREFIX)) != 0 ||
           err_set(e, ERR_USAGE, "'%s' is not a name for a node: tokens have names that begin with '%s'", name,
                   KEYRING_TOKEN_PREFIX);
}

static bool insert(struct keyring *k, const char *public_key, const char *name, const char *right, struct err *e)
{
    int64_t before;
    return keyring_db_number(k, &before, e, "SELECT 1 FROM key WHERE public = ?1", "s", public_key) &&
           (!before || err_set(e, ERR_USAGE, "this key was used before")) &&
           keyring_db_run(k, e, "INSERT INTO key VALUES (?1, ?2, ?3, 1, ?4)", "sssn", public_key, name, right,
                          clock_real_ns() / CLOCK_NS_PER_S);
}

/* The key of `name`, where it has one, ends: in memory, as in the database. */
static void end_key(struct keyring *k, const char *name)
{
    const struct member *member = members_by_name(&k->members, name);
    if (!member)
        return;
    members_remove(&k->members, member);
    k->endings++;
}

bool keyring_record(struct keyring *k, const char *name, const char *public_key, struct err *e)
{
    if (!check_name(name, e))
        return false;
    if (!key_is_valid(public_key))
        return err_set(e, ERR_USAGE, "the key of '%s' is none (40 characters of Z85)", name);
    if (!keyring_db_begin(k, e))
        return false;
    bool ok = keyring_db_run(k, e, "UPDATE key SET valid = 0 WHERE name = ?1", "s", name) &&
              insert(k, public_key, name, "node", e);
    if (!keyring_db_end(k, ok, e))
        return false;
    end_key(k, name);
    return members_add(&k->members, public_key, name, KEY_NODE, e);
}

bool keyring_invite(struct keyring *k, const char *name, const char *endpoint, struct invite *invite, struct err *e)
{
    struct invite made = { 0 };
    if (!text_copy(made.endpoint, sizeof made.endpoint, endpoint))
        return err_set(e, ERR_USAGE, "endpoint '%.64s...' is too long", endpoint);
    text_copy(made.name, sizeof made.name, name);
    text_copy(made.server_key, sizeof made.server_key, k->own.public_key);
    bool ok = keypair_make(&made.node, e) && keyring_record(k, name, made.node.public_key, e);
    if (ok)
        *invite = made;
    invite_wipe(&made);
    return ok;
}

bool keyring_revoke(struct keyring *k, const char *name, struct err *e)
{
    int64_t valid;
    if (!text_is_name(name))
        return err_set(e, ERR_USAGE, "'%.64s' is not a name", name);
    if (!keyring_db_begin(k, e))
        return false;
    bool ok = keyring_db_number(k, &valid, e, "SELECT 1 FROM key WHERE name = ?1 AND valid", "s", name) &&
              (valid || err_set(e, ERR_USAGE, "'%s' has no key: there is nothing to revoke", name)) &&
              keyring_db_run(k, e, "UPDATE key SET valid = 0 WHERE name = ?1", "s", name);
    if (!keyring_db_end(k, ok, e))
        return false;
    end_key(k, name);
    return true;
}

/* ---- tokens ---- */

bool keyring_record_token(struct keyring *k, const char *public_key, const struct keyring_token *token,
                          char name[KEY_NAME], struct err *e)
{
    char made[KEY_NAME];
    unsigned char random[4];
    if (!key_is_valid(public_key))
        return err_set(e, ERR_USAGE, "the token's key is none (40 characters of Z85)");
    if (token->uses < 1)
        return err_set(e, ERR_USAGE, "a token needs at least one use");
    randombytes_buf(random, sizeof random);
    snprintf(made, sizeof made, KEYRING_TOKEN_PREFIX "%02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
    if (!keyring_db_begin(k, e))
        return false;
    bool ok =
        insert(k, public_key, made, "enrol", e) && keyring_db_run(k, e, "INSERT INTO token VALUES (?1, ?2, 0, ?3)",
                                                                  "snn", public_key, token->uses, token->expires_s);
    if (!keyring_db_end(k, ok, e) || !members_add(&k->members, public_key, made, KEY_ENROL, e))
        return false;
    text_copy(name, KEY_NAME, made);
    return true;
}

bool keyring_token_left(struct keyring *k, const char *name, int64_t now_s, int64_t *left, struct err *e)
{
    return keyring_db_number(k, left, e,
                             "SELECT uses_most - uses FROM token JOIN key USING (public)"
                             " WHERE name = ?1 AND valid AND right = 'enrol' AND expires_s > ?2",
                             "sn", name, now_s);
}

/* With the write lock held: may this token enrol this name with this key? `is_again` when it has. */
static bool may_enrol(struct keyring *k, const char *token_key, const char *name, const char *public_key, int64_t now_s,
                      bool *is_again, struct err *e)
{
    int64_t has_right, again, fresh, uses_left, taken;
    if (!keyring_db_number(k, &has_right, e, "SELECT 1 FROM key WHERE public = ?1 AND valid AND right = 'enrol'", "s",
                           token_key) ||
        !keyring_db_number(k, &again, e,
                           "SELECT 1 FROM enrolled JOIN key USING (public)"
                           " WHERE token = ?1 AND public = ?2 AND name = ?3 AND valid",
                           "sss", token_key, public_key, name) ||
        !keyring_db_number(k, &fresh, e, "SELECT 1 FROM token WHERE public = ?1 AND expires_s > ?2", "sn", token_key,
                           now_s) ||
        !keyring_db_number(k, &uses_left, e, "SELECT uses_most - uses FROM token WHERE public = ?1", "s", token_key) ||
        !keyring_db_number(k, &taken, e, "SELECT 1 + valid FROM key WHERE name = ?1 ORDER BY valid DESC", "s", name))
        return false;
    *is_again = again != 0;
    if (!has_right)
        return err_set(e, ERR_USAGE, "this token was revoked");
    if (*is_again) /* its answer was lost: nothing new is given */
        return true;
    if (!fresh)
        return err_set(e, ERR_USAGE, "this token has expired");
    if (uses_left < 1)
        return err_set(e, ERR_USAGE, "this token is spent");
    if (taken > 1)
        return err_set(e, ERR_USAGE, "the name '%s' is taken: choose another with --name", name);
    /* Or a token would undo what `tare revoke` did. */
    return !taken ||
           err_set(e, ERR_USAGE, "the name '%s' was revoked: only `tare invite %s` gives it a new key", name, name);
}

bool keyring_enrol(struct keyring *k, const char *token_key, const char *name, const char *public_key, int64_t now_s,
                   struct err *e)
{
    bool is_again = false;
    if (!check_name(name, e))
        return false;
    if (!key_is_valid(public_key))
        return err_set(e, ERR_USAGE, "the key of '%s' is none", name);
    if (!keyring_db_begin(k, e))
        return false;
    bool ok = may_enrol(k, token_key, name, public_key, now_s, &is_again, e);
    if (ok && !is_again)
        ok = insert(k, public_key, name, "node", e) &&
             keyring_db_run(k, e, "INSERT INTO enrolled VALUES (?1, ?2)", "ss", public_key, token_key) &&
             keyring_db_run(k, e, "UPDATE token SET uses = uses + 1 WHERE public = ?1", "s", token_key);
    return keyring_db_end(k, ok, e) && (is_again || members_add(&k->members, public_key, name, KEY_NODE, e));
}
