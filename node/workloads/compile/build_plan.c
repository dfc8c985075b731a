#include "build_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

bool build_is_kernel(const char *tree)
{
    static const char *const FILES[] = { "Kbuild", "Kconfig", "Makefile", "scripts/Kbuild.include" };
    char path[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(FILES); i++) {
        path[0] = '\0';
        if (!text_append(path, sizeof path, "%s/%s", tree, FILES[i]) || access(path, F_OK) != 0)
            return false;
    }
    return true;
}

/* A target that configures a kernel is one word that ends so; all else is a file. */
static bool is_target(const char *config)
{
    static const char END[] = "config";
    size_t length = strlen(config);
    return length >= strlen(END) && strcmp(config + length - strlen(END), END) == 0 && !strchr(config, '/');
}

bool build_has_step(const struct build_plan *plan, enum build_step step)
{
    switch (step) {
    case BUILD_COPY_CONFIG: return plan->is_kernel && !is_target(plan->options->config);
    case BUILD_CONFIGURE: return plan->is_kernel;
    case BUILD_PREPARE: return plan->is_kernel && *plan->options->target;
    case BUILD_COPY_TREE: return !plan->is_kernel;
    case BUILD_ALL: return true;
    case BUILD_STEP_COUNT: break;
    }
    return false;
}

static bool add(struct build_command *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool add(struct build_command *c, struct err *e, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    size_t left = sizeof c->text - c->used;
    int length = vsnprintf(c->text + c->used, left, fmt, args);
    va_end(args);
    if (length < 0 || (size_t)length >= left || c->count == BUILD_WORDS_MAX)
        return err_set(e, ERR_USAGE, "command and target: more than %d words or %d bytes", BUILD_WORDS_MAX, BUILD_TEXT);
    c->words[c->count++] = c->text + c->used;
    c->words[c->count] = NULL;
    c->used += (size_t)length + 1;
    return true;
}

static bool add_words(struct build_command *c, const char *words, struct err *e)
{
    for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (!add(c, e, "%.*s", (int)length, at))
            return false;
        at += length;
    }
    return true;
}

/* The command; of a kernel from its tree into its objects. */
static bool add_start(const struct build_plan *plan, struct build_command *c, struct err *e)
{
    if (!add_words(c, plan->options->command, e))
        return false;
    if (c->count == 0)
        return err_set(e, ERR_USAGE, "command: it is empty");
    return !plan->is_kernel || (add(c, e, "-C") && add(c, e, "%s", plan->tree) && add(c, e, "O=%s", plan->objects));
}

bool build_command(const struct build_plan *plan, enum build_step step, struct build_command *command, struct err *e)
{
    const struct compile_options *o = plan->options;
    *command = (struct build_command){ .count = 0 };
    switch (step) {
    case BUILD_COPY_CONFIG:
        return add(command, e, "cp") && add(command, e, "--") && add(command, e, "%s/%s", plan->tree, o->config) &&
               add(command, e, "%s/.config", plan->objects);
    case BUILD_CONFIGURE:
        return add_start(plan, command, e) && add(command, e, "%s", is_target(o->config) ? o->config : "olddefconfig");
    case BUILD_PREPARE:
        return add_start(plan, command, e) && add(command, e, "-j%d", plan->jobs) && add(command, e, "prepare");
    case BUILD_COPY_TREE:
        return add(command, e, "cp") && add(command, e, "-a") && add(command, e, "--no-preserve=ownership") &&
               add(command, e, "%s/.", plan->tree) && add(command, e, "%s", plan->objects);
    case BUILD_ALL:
        return add_start(plan, command, e) && add(command, e, "-j%d", plan->jobs) && add_words(command, o->target, e);
    case BUILD_STEP_COUNT: break;
    }
    return err_set(e, ERR_INTERNAL, "no such step of a build");
}

const char *build_show(const struct build_command *command, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < command->count; i++)
        if (!text_append(text, size, "%s%s", i ? " " : "", command->words[i]))
            break;
    return text;
}
