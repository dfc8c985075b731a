/* archive.h - every run, in one SQLite file (WAL, one transaction a trial).
 *
 * schema.sql fixes the tables; `user_version` tells their version. Earlier ones are read, and brought up
 * to date when they are written to (upgrade.h); a later one is refused with one line that says which
 * program writes it.
 *
 * Errors name the file. A full disk is ERR_PARTIAL (what was finished is kept); what the user named
 * wrongly (no such run, no archive, not one of tare's, a newer tare's) is ERR_USAGE.
 */
#ifndef TARE_ARCHIVE_H
#define TARE_ARCHIVE_H

#include "base/err.h"
#include "result/model.h"

struct archive;

/* "$XDG_DATA_HOME/tare/archive.db", else "$HOME/.local/share/tare/archive.db", into `path`. */
MUST_CHECK bool archive_default_path(char *path, size_t size, struct err *e);

/* Open for reading and writing, and make it (mode 0600, its directories 0700) where it is not
 * there. Runs of coordinators that are gone without a word (kill -9) are marked aborted. */
MUST_CHECK bool archive_open(const char *path, struct archive **archive, struct err *e);

/* Open what is there, for reading only; fails when there is none. Runs as above read as aborted. */
MUST_CHECK bool archive_open_read(const char *path, struct archive **archive, struct err *e);

void archive_close(struct archive **archive);

/* Begin a run: gives `run` its number; its steps, and the nodes it has already, are kept at once.
 * This process counts as its coordinator. */
MUST_CHECK bool archive_begin(struct archive *archive, struct run *run, struct err *e);

/* A node as it joined: one row an instance; one that is kept already is left as it is. */
MUST_CHECK bool archive_node(struct archive *archive, const struct run *run, const struct run_node *node,
                             struct err *e);

/* A finished trial, whole, in one transaction: after it returns true it survives a power cut. */
MUST_CHECK bool archive_trial(struct archive *archive, const struct run *run, const struct trial *trial, struct err *e);

/* The run's end: status, why and time, as `run` has them. */
MUST_CHECK bool archive_end(struct archive *archive, const struct run *run, struct err *e);

/* Read a run back, by number, by the beginning of its UUID (4 characters at least), or the newest
 * with "last". `with_points`: the samples too. */
MUST_CHECK bool archive_read(struct archive *archive, const char *which, bool with_points, struct run **run,
                             struct err *e);

/* Call `each` for every run, oldest first, without its trials; stop when it returns false. */
MUST_CHECK bool archive_list(struct archive *archive, bool (*each)(const struct run *run, int trials, void *arg),
                             void *arg, struct err *e);

#endif
