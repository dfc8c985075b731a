#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "base/text.h"
#include "schema/schema.h"

#define AT(member) offsetof(struct invite, member)
static const struct field FIELDS[] = {
    { .key = "endpoint", .kind = FIELD_TEXT, .offset = AT(endpoint), .capacity = KEY_ENDPOINT },
    { .key = "name", .kind = FIELD_NAME, .offset = AT(name), .capacity = KEY_NAME },
    { .key = "server-key", .kind = FIELD_TEXT, .offset = AT(server_key), .capacity = KEY_TEXT },
    { .key = "public-key", .kind = FIELD_TEXT, .offset = AT(node.public_key), .capacity = KEY_TEXT },
    { .key = "secret-key", .kind = FIELD_TEXT, .offset = AT(node.secret_key), .capacity = KEY_TEXT },
};
static const struct schema INVITE = { "invite", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct invite) };

/* The one more line of a token: whatever else it says is none of ours. */
static const char TOKEN_LINE[] = "right=enrol\n";

bool keypair_make(struct keypair *pair, struct err *e)
{
    if (zmq_curve_keypair(pair->public_key, pair->secret_key) != 0)
        return err_errno(e, errno, "no CURVE key pair could be made (is libzmq built with CURVE?)");
    return true;
}

bool key_is_valid(const char *text)
{
    unsigned char bytes[32];
    return strnlen(text, KEY_TEXT) == KEY_TEXT - 1 && zmq_z85_decode(bytes, text) != NULL;
}

/* All of `size` bytes to a descriptor. */
static bool write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

bool invite_print(const struct invite *invite, char *text, size_t size, struct err *e)
{
    char fields[INVITE_TEXT_MAX] = "";
    text[0] = '\0';
    bool ok = schema_pack(&INVITE, invite, fields, sizeof fields, e);
    if (ok) {
        if (invite->is_token)
            ok = text_append(text, size,
                             "# tare: an enrolment token of one coordinator. Whoever reads this can be a new node.\n%s",
                             TOKEN_LINE);
        else
            ok = text_append(text, size,
                             "# tare: lets the node '%s' join one coordinator. Whoever reads this can be that node.\n",
                             invite->name);
        ok = (ok && text_append(text, size, "%s", fields)) || err_set(e, ERR_INTERNAL, "the invite is too long");
    }
    sodium_memzero(fields, sizeof fields);
    return ok;
}

/* Under another name first, so that a reader finds the old file or the new one. */
static bool replace_file(const char *path, const char *text, struct err *e)
{
    char next[512];
    if (snprintf(next, sizeof next, "%s.XXXXXX", path) >= (int)sizeof next)
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", path);
    int fd = mkostemp(next, O_CLOEXEC); /* 0600 from the first moment */
    if (fd < 0)
        return err_errno(e, errno, "%s", path);
    bool ok = write_all(fd, text, strlen(text)) && fsync(fd) == 0;
    int cause = errno;
    ok = close(fd) == 0 && ok;
    if (ok && rename(next, path) == 0)
        return true;
    cause = ok ? errno : cause;
    unlink(next);
    return err_errno(e, cause, "%s", path);
}

bool invite_write(const char *path, const struct invite *invite, struct err *e)
{
    char text[INVITE_TEXT_MAX] = "";
    bool ok = invite_print(invite, text, sizeof text, e);
    if (ok && strcmp(path, "-") == 0)
        ok = write_all(STDOUT_FILENO, text, strlen(text)) || err_errno(e, errno, "stdout");
    else if (ok)
        ok = replace_file(path, text, e);
    sodium_memzero(text, sizeof text);
    return ok;
}

/* The bits that a secret's mode may not have. A service manager's credential is guarded by its
 * directory; where that keeps access lists, the reader's own shows as a group's right to read. */
static mode_t forbidden_mode(const char *path)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */
    size_t length = credentials ? strlen(credentials) : 0;
    bool is_credential =
        length > 1 && strncmp(path, credentials, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/');
    return is_credential ? 037 : 077;
}

/* Up to `size - 1` bytes of the file, with a NUL; a longer one is refused. */
static bool read_secret(const char *path, char *text, size_t size, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    text[0] = '\0';
    /* O_NONBLOCK: a pipe that nobody writes into is refused, not waited for. */
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) /* what was asked for is not there: no fault of this machine */
        return err_set(e, ERR_USAGE, "%s: No such file; `tare invite` on the coordinator writes one", path);
    if (fd < 0)
        return err_errno(e, errno, "%s", path);
    struct stat st;
    bool ok = true;
    if (fstat(fd, &st) != 0)
        ok = err_errno(e, errno, "%s", path);
    else if (!is_stdin && !S_ISREG(st.st_mode))
        ok = err_set(e, ERR_USAGE, "%s: not a regular file (a pipe is read with '-')", path);
    else if (!is_stdin && (st.st_mode & forbidden_mode(path)) != 0)
        ok = err_set(e, ERR_USAGE, "%s: mode %04o lets others read the key: chmod 600 %s", path, st.st_mode & 07777,
                     path);
    size_t used = 0;
    while (ok && used < size) {
        ssize_t n = read(fd, text + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ok = err_errno(e, errno, "%s", path);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    close(fd);
    if (ok && used >= size)
        return err_set(e, ERR_USAGE, "%s: not an invite (larger than %zu bytes)", path, size - 1);
    text[used < size ? used : 0] = '\0';
    if (ok && strlen(text) != used)
        return err_set(e, ERR_USAGE, "%s: not an invite (holds a NUL byte)", path);
    return ok;
}

/* Every line of `body`, which stands somewhere in `text`, is "key=value" with a key of ours and a
 * value that can fit. The errors show no part of the line: where it is broken, that may be a secret. */
static bool check_lines(const char *text, const char *body, struct err *e)
{
    unsigned number = 0;
    for (const char *line = text; line < body; line++)
        number += *line == '\n';
    for (const char *line = body; *line; line += *line == '\n') {
        const char *end = strchrnul(line, '\n'), *equals = memchr(line, '=', (size_t)(end - line));
        const struct field *field = NULL;
        number++;
        for (size_t i = 0; equals && *line != '#' && i < ARRAY_SIZE(FIELDS); i++)
            if (strlen(FIELDS[i].key) == (size_t)(equals - line) &&
                memcmp(FIELDS[i].key, line, (size_t)(equals - line)) == 0)
                field = &FIELDS[i];
        if (!field && *line != '#')
            return err_set(e, ERR_USAGE, "line %u is none of an invite", number);
        if (field && (size_t)(end - equals - 1) >= field->capacity)
            return err_set(e, ERR_USAGE, "line %u: %s is longer than %zu bytes", number, field->key,
                           field->capacity - 1);
        line = end;
    }
    return true;
}

static bool check_keys(const struct invite *invite, struct err *e)
{
    if (!key_is_valid(invite->server_key) || !key_is_valid(invite->node.public_key) ||
        !key_is_valid(invite->node.secret_key))
        return err_set(e, ERR_USAGE, "a key is damaged (not 40 characters of Z85)");
    char derived[KEY_TEXT];
    if (zmq_curve_public(derived, invite->node.secret_key) != 0 || strcmp(derived, invite->node.public_key) != 0)
        return err_set(e, ERR_USAGE, "secret and public key do not belong together");
    if (strncmp(invite->endpoint, "tcp://", 6) != 0)
        return err_set(e, ERR_USAGE, "endpoint '%s' is not tcp://ADDRESS:PORT", invite->endpoint);
    return true;
}

bool invite_read(const char *path, struct invite *invite, struct err *e)
{
    char text[INVITE_TEXT_MAX] = "";
    if (!read_secret(path, text, sizeof text, e)) {
        sodium_memzero(text, sizeof text);
        return false;
    }
    const char *body = text;
    while (*body == '#')
        body = strchrnul(body, '\n') + (*strchrnul(body, '\n') == '\n');
    struct invite read;
    bool is_token = strncmp(body, TOKEN_LINE, strlen(TOKEN_LINE)) == 0;
    if (is_token)
        body += strlen(TOKEN_LINE);
    bool ok = (check_lines(text, body, e) && schema_unpack(&INVITE, body, &read, e) && check_keys(&read, e)) ||
              err_wrap(e, "%s", path);
    sodium_memzero(text, sizeof text);
    if (ok) {
        *invite = read;
        invite->is_token = is_token;
    }
    invite_wipe(&read);
    return ok;
}

void invite_wipe(struct invite *invite) { sodium_memzero(invite, sizeof *invite); }
