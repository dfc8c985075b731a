#include "lab/accounts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/text.h"

#define ACCOUNT "libvirt-qemu"

static const struct {
    const char *name, *line;
} FILES[] = {
    { "passwd", ACCOUNT ":x:64055:64055::/nonexistent:/usr/sbin/nologin\n" },
    { "group", ACCOUNT ":x:64055:\n" },
};

/* Copy `from` into `to`; whether it knows the account already. */
static bool copy(const char *from, const char *to, const char *line, bool *is_known, struct err *e)
{
    char text[4096];
    FILE *in = fopen(from, "re"), *out = in ? fopen(to, "we") : NULL;
    bool ok = out || err_errno(e, errno, "cannot copy '%s' to '%s'", from, to);
    bool ends_line = true;
    *is_known = false;
    while (ok && fgets(text, sizeof text, in)) {
        *is_known |= strncmp(text, ACCOUNT ":", strlen(ACCOUNT ":")) == 0;
        ends_line = text[strlen(text) - 1] == '\n';
        fputs(text, out);
    }
    if (ok && !*is_known)
        fprintf(out, "%s%s", ends_line ? "" : "\n", line);
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        ok = err_errno(e, errno, "cannot write '%s'", to);
    return ok;
}

bool lab_accounts_mount(const char *dir, struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        char from[64] = "", to[PATH_MAX] = "";
        bool is_known;
        text_append(from, sizeof from, "/etc/%s", FILES[i].name);
        if (!text_append(to, sizeof to, "%s/%s", dir, FILES[i].name))
            return err_set(e, ERR_USAGE, "the path '%.200s' is too long", dir);
        if (!copy(from, to, FILES[i].line, &is_known, e))
            return false;
        if (!is_known && mount(to, from, NULL, MS_BIND, NULL) != 0)
            return err_errno(e, errno, "cannot mount '%s' over '%s'", to, from);
    }
    return true;
}
