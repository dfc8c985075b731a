#include "build_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/directory.h"
#include "base/text.h"
#include "wire/tree.h"

enum { NOBODY = 65534, SAID = 220 };

static const char INSIDE[] = "/mnt"; /* as the build sees the scratch directory */

/* ---- the place ---- */

/* `name` in the scratch directory, as the agent sees it. */
static const char *own(const struct build_place *p, const char *name, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s", p->scratch.path, name);
    return path;
}

/* A directory that the build may write to. */
static bool make_own(struct build_place *p, const char *name, struct err *e)
{
    char path[PATH_MAX];
    if (mkdir(own(p, name, path), 0755) != 0)
        return err_errno(e, errno, "cannot make '%s'", path);
    if (p->user != (uid_t)CAGE_UNCHANGED && chown(path, p->user, p->user) != 0)
        return err_errno(e, errno, "cannot give '%s' away", path);
    return true;
}

/* Root becomes nobody, where it may: not in a user namespace that has none. */
static uid_t other_user(const char *path)
{
    struct stat st;
    if (geteuid() != 0 || stat(path, &st) != 0 || chown(path, NOBODY, NOBODY) != 0)
        return (uid_t)CAGE_UNCHANGED;
    return chown(path, st.st_uid, st.st_gid) == 0 ? NOBODY : (uid_t)CAGE_UNCHANGED;
}

static void fill_environment(struct build_place *p)
{
    const char *const all[] = { "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                                "LC_ALL=C",
                                "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970",
                                "KBUILD_BUILD_USER=tare",
                                "KBUILD_BUILD_HOST=tare",
                                p->home,
                                p->temporary,
                                NULL };
    _Static_assert(ARRAY_SIZE(all) <= BUILD_ENVIRONMENT, "more room for them");
    snprintf(p->home, sizeof p->home, "HOME=%s", p->tmp);
    snprintf(p->temporary, sizeof p->temporary, "TMPDIR=%s", p->tmp);
    memcpy(p->environment, all, sizeof all);
}

static bool add_bind(struct build_place *p, const char *from, const char *to, bool is_read_only, struct err *e)
{
    struct cage_bind *bind = &p->binds[p->bind_count++];
    bind->is_read_only = is_read_only;
    return (text_copy(bind->from, sizeof bind->from, from) && text_copy(bind->to, sizeof bind->to, to)) ||
           err_set(e, ERR_USAGE, "%.200s...: the path is too long", from);
}

/* `from` of the machine, in the place of `what` of the build's own system. */
static bool add_to_root(struct build_place *p, const char *from, const char *what, struct err *e)
{
    char to[PATH_MAX];
    to[0] = '\0';
    return (text_append(to, sizeof to, "%s%s", p->order.root, what) ||
            err_set(e, ERR_USAGE, "%.200s...: the path is too long", p->order.root)) &&
           add_bind(p, from, to, false, e);
}

/* A directory of the machine, seen in the scratch directory. */
static bool show(struct build_place *p, const char *from, const char *name, struct err *e)
{
    char to[PATH_MAX];
    return (mkdir(own(p, name, to), 0755) == 0 || err_errno(e, errno, "cannot make '%s'", to)) &&
           add_bind(p, from, to, true, e);
}

/* What the build sees: first the tree in the scratch directory, then that where it is looked for. */
static bool show_all(struct build_place *p, struct err *e)
{
    char tree[PATH_MAX];
    if (!p->is_apart)
        return symlink(p->order.tree, own(p, "tree", tree)) == 0 || err_errno(e, errno, "cannot make '%s'", tree);
    if (!show(p, p->order.tree, "tree", e) || (p->is_kept && !show(p, p->kept, "prepared", e)))
        return false;
    if (!*p->order.root)
        return add_bind(p, p->scratch.path, INSIDE, false, e);
    return add_to_root(p, "/dev", "/dev", e) && add_to_root(p, "/proc", "/proc", e) &&
           add_to_root(p, p->scratch.path, INSIDE, e);
}

/* What is prepared is the same where all of this is: of the target only whether it is a part. */
static void name_kept(struct build_place *p)
{
    const struct compile_options *o = p->order.options;
    unsigned char sum[TREE_SUM];
    char text[1024] = "", name[2 * TREE_SUM + 1];
    if (!*p->order.prepared || !*p->order.root || !p->plan.is_kernel)
        return;
    text_append(text, sizeof text, "%s\n%s\n%s\n%d", p->order.system, o->config, o->command, *o->target != '\0');
    tree_hash(text, strlen(text), sum, sizeof sum);
    for (size_t i = 0; i < sizeof sum; i++)
        snprintf(name + 2 * i, 3, "%02x", sum[i]);
    if (!text_append(p->kept, sizeof p->kept, "%s/%s", p->order.prepared, name))
        p->kept[0] = '\0';
    p->is_kept = *p->kept && access(p->kept, R_OK | X_OK) == 0;
}

static void name_paths(struct build_place *p)
{
    const char *inside = p->is_apart ? INSIDE : p->scratch.path;
    snprintf(p->tree, sizeof p->tree, "%s/tree", inside);
    snprintf(p->prepared, sizeof p->prepared, "%s/prepared", inside);
    snprintf(p->objects, sizeof p->objects, "%s/objects", inside);
    snprintf(p->tmp, sizeof p->tmp, "%s/tmp", inside);
    fill_environment(p);
}

bool build_place_enter(struct build_place *p, const struct build_order *order, struct err *e)
{
    const struct compile_options *o = order->options;
    struct stat st;
    *p = (struct build_place){ .order = *order, .scratch = { .lock_fd = -1 }, .is_apart = cage_can_be_apart() };
    if (stat(order->tree, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, "source %.200s: there is no such directory on this node", order->tree);
    if (!scratch_take(o->directory, &p->scratch, e))
        return false;
    p->user = p->is_apart ? other_user(p->scratch.path) : (uid_t)CAGE_UNCHANGED;
    name_paths(p);
    p->plan = (struct build_plan){ .options = o,
                                   .is_kernel = build_is_kernel(order->tree),
                                   .jobs = order->jobs,
                                   .tree = p->tree,
                                   .objects = p->objects };
    if (*order->root && !p->is_apart)
        return err_set(e, ERR_USAGE,
                       "to build in the guests' system this agent needs namespaces, which it may not make");
    name_kept(p);
    return show_all(p, e) && make_own(p, "tmp", e) && make_own(p, "objects", e);
}

void build_place_leave(struct build_place *p) { scratch_give_back(&p->scratch); }

/* ---- its commands ---- */

/* The command that stands in `run`, held; `gate`: the library for that, "" for none. */
static bool hold(struct build_place *p, struct build_run *run, const char *gate, struct err *e)
{
    const struct cage_order order = { .argv = run->command.words,
                                      .envp = p->environment,
                                      .directory = p->plan.is_kernel ? p->tmp : p->objects,
                                      .root = p->order.root,
                                      .binds = p->binds,
                                      .bind_count = p->bind_count,
                                      .user = p->user,
                                      .is_apart = p->is_apart,
                                      .gate = gate,
                                      .gate_until_ns = p->order.held_until_mono };
    char log[PATH_MAX];
    build_run_close(run);
    return build_run_begin(run, &order, own(p, "log", log), e);
}

/* Run it to its end; ended well or not, `run` has what it said. */
static bool finish(struct build_place *p, struct build_run *run, int *status, struct err *e)
{
    const struct build_order *o = &p->order;
    const struct build_watch watch = { .cancel_fd = o->cancel_fd, /* NOLINT(clang-analyzer-core.NullDereference) */
                                       .deadline_mono = o->deadline_mono };
    struct cage_result result;
    if (!hold(p, run, "", e))
        return false;
    cage_release(run->cage);
    if (!build_run_wait(run, &watch, &result, e))
        return false;
    *status = result.status;
    return true;
}

bool build_place_tell_failure(struct build_place *p, const struct build_run *run, int status, struct err *e)
{
    char said[SAID], how[64], log[PATH_MAX], kept_log[PATH_MAX];
    struct err why = { .text = "" };
    bool kept = rename(own(p, "log", log), own(p, "objects/tare-build.log", kept_log)) == 0 &&
                scratch_keep(&p->scratch, "objects", &why);
    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "was ended by signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof how, "failed with exit code %d", WEXITSTATUS(status));
    return err_set(e, ERR_PARTIAL, "%s %s: %s; %s%s", run->command.words[0], how,
                   build_log_end(&run->log, said, sizeof said),
                   kept ? "it is kept on the node in " : "not kept: ", kept ? p->scratch.kept : why.text);
}

static bool run_to_end(struct build_place *p, struct build_run *run, struct err *e)
{
    int status = 0;
    return finish(p, run, &status, e) && (status == 0 || build_place_tell_failure(p, run, status, e));
}

static bool run_words(struct build_place *p, const char *const words[], struct err *e)
{
    struct build_run run;
    build_run_init(&run);
    for (size_t i = 0; words[i]; i++) {
        run.command.words[i] = words[i];
        run.command.count++;
    }
    bool ok = run_to_end(p, &run, e);
    build_run_close(&run);
    return ok;
}

static bool run_step(struct build_place *p, enum build_step step, struct err *e)
{
    struct build_run run;
    build_run_init(&run);
    bool ok = build_command(&p->plan, step, &run.command, e) && run_to_end(p, &run, e);
    build_run_close(&run);
    return ok;
}

bool build_place_compiler(struct build_place *p, char *text, size_t size, struct err *e)
{
    struct build_run run;
    int status = 0;
    build_run_init(&run);
    run.command = (struct build_command){ .words = { "cc", "--version", NULL }, .count = 2 };
    bool ok = finish(p, &run, &status, e);
    if (ok && status != 0)
        ok = err_set(e, ERR_PARTIAL, "cc --version ended with %d", status);
    if (ok)
        build_log_first(&run.log, text, size);
    build_run_close(&run);
    return ok || err_wrap(e, "no compiler here: `apt-get install gcc make` on the node");
}

bool build_place_prepare(struct build_place *p, struct err *e)
{
    if (p->is_kept)
        return true;
    static const char *const WORDS[BUILD_STEP_COUNT] = { [BUILD_COPY_CONFIG] = "config",
                                                         [BUILD_CONFIGURE] = "configuring",
                                                         [BUILD_PREPARE] = "make prepare",
                                                         [BUILD_COPY_TREE] = "copying the tree" };
    for (int step = 0; step < BUILD_ALL; step++)
        if (build_has_step(&p->plan, (enum build_step)step) && !run_step(p, (enum build_step)step, e))
            return err_wrap(e, "%s", WORDS[step]);
    char from[PATH_MAX], to[PATH_MAX];
    build_place_keep(p);
    return rename(own(p, "objects", from), own(p, "prepared", to)) == 0 || err_errno(e, errno, "cannot keep '%s'", to);
}

/* Objects as they were prepared. */
static bool begin_anew(struct build_place *p, struct err *e)
{
    char from[PATH_MAX + 8], objects[PATH_MAX];
    snprintf(from, sizeof from, "%s/.", p->prepared);
    const char *const copy[] = { "cp", "-a", from, p->objects, NULL };
    return directory_remove_all(own(p, "objects", objects), e) && make_own(p, "objects", e) && run_words(p, copy, e);
}

bool build_place_warm_up(struct build_place *p, struct err *e) { return begin_anew(p, e) && run_step(p, BUILD_ALL, e); }

static bool hold_anew(struct build_place *p, struct build_run *run, const char *gate, struct err *e)
{
    return begin_anew(p, e) && build_command(&p->plan, BUILD_ALL, &run->command, e) && hold(p, run, gate, e);
}

bool build_place_hold(struct build_place *p, struct build_run *run, struct err *e)
{
    struct err why = { .text = "" };
    run->by_exec[0] = '\0';
    if (!hold_anew(p, run, p->order.gate, e))
        return false;
    if (cage_settle(run->cage, p->order.cancel_fd, run->by_exec, sizeof run->by_exec, &why))
        return true;
    text_append(run->by_exec, sizeof run->by_exec, "%s", why.text); /* and what it may have done is thrown away */
    return hold_anew(p, run, "", e);
}
