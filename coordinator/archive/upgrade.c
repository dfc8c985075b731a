#include "upgrade.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Columns that have come since version 1, a table's one below the other. */
static const struct {
    int since;
    const char *table, *column, *type, *unknown;
} ADDED[] = {
    { 2, "stream", "arrived_ns", "INTEGER NOT NULL", "0" },
    { 2, "stream", "arrived_bound_ns", "INTEGER NOT NULL", "0" },
    { 4, "stream", "own_first_op_ns", "INTEGER NOT NULL", "0" },
    { 10, "stream", "release", "TEXT NOT NULL", "''" },
    { 6, "trial", "confined", "TEXT NOT NULL", "'none'" },
    { 6, "trial", "confined_cpus", "TEXT NOT NULL", "''" },
    { 6, "trial", "confined_bytes", "INTEGER NOT NULL", "0" },
    { 8, "run", "left_out", "TEXT NOT NULL", "''" },
};

/* Tables that have, with their columns as schema.sql has them. */
static const struct {
    int since;
    const char *table, *columns, *nothing;
} TABLES[] = {
    { 3, "latency", "stream INTEGER PRIMARY KEY REFERENCES stream (id) ON DELETE CASCADE, histogram BLOB NOT NULL",
      "NULL AS stream, NULL AS histogram" },
    { 5, "lap",
      "stream INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE, idx INTEGER NOT NULL, test TEXT NOT NULL, "
      "number INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, counters TEXT NOT NULL, "
      "times BLOB, PRIMARY KEY (stream, idx)",
      "NULL AS stream, NULL AS idx, NULL AS test, NULL AS number, NULL AS first_ns, NULL AS last_ns, NULL AS counters, "
      "NULL AS times" },
    { 7, "kernel_clock",
      "trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE, idx INTEGER NOT NULL, node TEXT NOT NULL, "
      "moment TEXT NOT NULL, own_ns INTEGER NOT NULL, ppm REAL, offset_ns INTEGER NOT NULL, slew_ns INTEGER NOT NULL, "
      "error_ns INTEGER NOT NULL, synchronized INTEGER NOT NULL, status TEXT NOT NULL, clocksource TEXT NOT NULL, "
      "why TEXT NOT NULL, PRIMARY KEY (trial, idx)",
      "NULL AS trial, NULL AS idx, NULL AS node, NULL AS moment, NULL AS own_ns, NULL AS ppm, NULL AS offset_ns, "
      "NULL AS slew_ns, NULL AS error_ns, NULL AS synchronized, NULL AS status, NULL AS clocksource, NULL AS why" },
    { 9, "around",
      "trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE, idx INTEGER NOT NULL, node TEXT NOT NULL, "
      "seen_by TEXT NOT NULL, cpus INTEGER NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, "
      "run_ns INTEGER NOT NULL, wait_ns INTEGER NOT NULL, worst_ns INTEGER NOT NULL, steal_ns INTEGER NOT NULL, "
      "PRIMARY KEY (trial, idx)",
      "NULL AS trial, NULL AS idx, NULL AS node, NULL AS seen_by, NULL AS cpus, NULL AS from_ns, NULL AS to_ns, "
      "NULL AS run_ns, NULL AS wait_ns, NULL AS worst_ns, NULL AS steal_ns" },
};

bool upgrade_tables(struct archive *archive, int64_t version, struct err *e)
{
    char sql[1024];
    for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
        snprintf(sql, sizeof sql, "CREATE TABLE \"%s\" (%s) STRICT", TABLES[i].table, TABLES[i].columns);
        if (TABLES[i].since > version && !sql_run(archive, sql, e))
            return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ADDED); i++) {
        if (ADDED[i].since <= version)
            continue;
        snprintf(sql, sizeof sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s DEFAULT %s", ADDED[i].table, ADDED[i].column,
                 ADDED[i].type, ADDED[i].unknown);
        if (!sql_run(archive, sql, e))
            return false;
    }
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", UPGRADE_NEWEST);
    return sql_run(archive, sql, e);
}

/* A temporary view hides the table of its name; it lives in memory and goes with the connection. */
bool upgrade_view(struct archive *archive, int64_t version, struct err *e)
{
    char sql[1024] = "";
    if (!sql_run(archive, "PRAGMA temp_store = MEMORY", e))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
        snprintf(sql, sizeof sql, "CREATE TEMP VIEW \"%s\" AS SELECT %s WHERE 0", TABLES[i].table, TABLES[i].nothing);
        if (TABLES[i].since > version && !sql_run(archive, sql, e))
            return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ADDED); i++) {
        bool is_first = i == 0 || strcmp(ADDED[i - 1].table, ADDED[i].table) != 0;
        bool is_last = i + 1 == ARRAY_SIZE(ADDED) || strcmp(ADDED[i + 1].table, ADDED[i].table) != 0;
        if (is_first) {
            sql[0] = '\0';
            text_append(sql, sizeof sql, "CREATE TEMP VIEW \"%s\" AS SELECT *", ADDED[i].table);
        }
        if (ADDED[i].since > version)
            text_append(sql, sizeof sql, ", %s AS \"%s\"", ADDED[i].unknown, ADDED[i].column);
        bool is_whole = !is_last || text_append(sql, sizeof sql, " FROM main.\"%s\"", ADDED[i].table);
        if (!is_whole)
            return err_set(e, ERR_INTERNAL, "table %s has too many columns for upgrade.c", ADDED[i].table);
        if (is_last && !sql_run(archive, sql, e))
            return false;
    }
    return true;
}
