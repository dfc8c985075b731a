/* build_place.h - where a tree is built: its scratch directory, what is seen of the machine from within, and the
 * commands that are run there, each with a deadline. A build that fails is kept.
 *
 * In the scratch directory: `tree`, the source, read-only; `prepared`, what each build begins with; `objects`, where
 * it builds; `tmp`; `log`, what the last command said. Whoever builds sees it as /mnt, where namespaces can be had, so
 * that the paths in what is compiled are the same everywhere. An agent that is root then builds as nobody. With a
 * system of its own the build sees that, and of the machine no more than /dev and /proc; what it begins with can then
 * be kept for the next, on whatever machine, since all that it names is the same there.
 */
#ifndef TARE_BUILD_PLACE_H
#define TARE_BUILD_PLACE_H

#include "stats/meter.h"
#include "workloads/compile/build_log.h"
#include "workloads/compile/build_plan.h"
#include "workloads/compile/cage.h"
#include "workloads/compile/scratch.h"

enum { BUILD_ENVIRONMENT = 10 };

/* Borrowed as long as the place is used. */
struct build_order {
    const struct compile_options *options;
    const char *tree;     /* a directory of this machine */
    const char *root;     /* the system to build in; "" for this machine's own */
    const char *system;   /* ... what is in it */
    const char *gate;     /* the library that holds the build in front of its `main` (gate.h); "" for none */
    const char *prepared; /* a directory where what a build in `root` begins with is kept; "" for none */
    int jobs;
    int64_t deadline_mono;   /* of all but the build that is timed */
    int64_t held_until_mono; /* ... which is let go by then, or ends */
    int cancel_fd;
};

struct build_place {
    struct build_order order;
    struct build_plan plan;
    struct scratch scratch;
    bool is_apart;
    uid_t user;
    char tree[PATH_MAX], prepared[PATH_MAX], objects[PATH_MAX], tmp[PATH_MAX]; /* as the build sees them */
    struct cage_bind binds[CAGE_BINDS_MAX];
    size_t bind_count;
    char kept[PATH_MAX]; /* where what is prepared is, or goes; "" for nowhere */
    bool is_kept;        /* it is there */
    char home[PATH_MAX + 8], temporary[PATH_MAX + 8];
    const char *environment[BUILD_ENVIRONMENT];
};

/* One command at work. */
struct build_run {
    struct cage *cage; /* NULL: none */
    struct build_log log;
    struct build_command command;
    char by_exec[96]; /* why it is held in front of its execve(2); "": it is in front of its `main` */
};

/* Who is told of a run's lines, and what ends it: besides cage_kill. */
struct build_watch {
    struct meter *meter; /* an operation a line; NULL for nobody */
    int cancel_fd;       /* -1: never */
    int64_t deadline_mono;
};

void build_run_init(struct build_run *run);
void build_run_close(struct build_run *run);

/* The command in `order`, held; what it says goes to the run's log, and to the file `log`. */
MUST_CHECK bool build_run_begin(struct build_run *run, const struct cage_order *order, const char *log, struct err *e);

/* A program of the agent's own system, which is neither timed nor apart, to its end. Fails, with its last words,
 * where it ends with anything but 0. */
MUST_CHECK bool build_run_tool(const char *const argv[], const struct build_watch *watch, struct err *e);

/* Until it is over. Fails where it was ended by the watch, or never began. */
MUST_CHECK bool build_run_wait(struct build_run *run, const struct build_watch *watch, struct cage_result *result,
                               struct err *e);

MUST_CHECK bool build_place_enter(struct build_place *place, const struct build_order *order, struct err *e);
void build_place_leave(struct build_place *place);

/* What cc(1) says that it is, in a line. */
MUST_CHECK bool build_place_compiler(struct build_place *place, char *text, size_t size, struct err *e);

/* Up to where every build begins: configured, copied. */
MUST_CHECK bool build_place_prepare(struct build_place *place, struct err *e);

/* What is prepared is kept for the next build where that can be: a guest's is a disk that nobody writes to. */
void build_place_keep(struct build_place *place);

/* Build, and throw it away. */
MUST_CHECK bool build_place_warm_up(struct build_place *place, struct err *e);

/* The build, held: in front of its `main` where that can be. */
MUST_CHECK bool build_place_hold(struct build_place *place, struct build_run *run, struct err *e);

/* Keep a build that ended with `status`, and say how and where. Returns false. */
bool build_place_tell_failure(struct build_place *place, const struct build_run *run, int status, struct err *e);

#endif
