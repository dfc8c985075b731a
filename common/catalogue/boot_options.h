/* boot_options.h - the workload `guest_boot`: its options, and what its laps tell. */
#ifndef TARE_BOOT_OPTIONS_H
#define TARE_BOOT_OPTIONS_H

#include "catalogue/catalogue.h"

enum boot_saves { BOOT_SAVES_AUTO, BOOT_SAVES_OFF };

struct boot_options {
    struct workload_times times; /* none of them is an option: it ends by itself */
    int saves;                   /* enum boot_saves */
};

/* What is timed, in this order: enum, name, from and to what. */
#define BOOT_LAPS_LIST(X)                                                       \
    X(START, "start", "its machine is asked for, until it runs")                \
    X(BOOT, "boot", "it runs, until its own programs do")                       \
    X(JOIN, "join", "it runs, until its agent has joined the coordinator")      \
    X(SAVE, "save", "it is asked to be saved to a file, until it is there")     \
    X(RESTORE, "restore", "it is asked for from the file, until it runs again") \
    X(STOP, "stop", "it is ended, until nothing is left of it")
#define BOOT_LAP_ENUM(NAME, ...) BOOT_##NAME,
enum boot_lap { BOOT_LAPS_LIST(BOOT_LAP_ENUM) BOOT_LAP_COUNT };

#define BOOT_COUNTERS(X) X(ELAPSED, "elapsed_ns")
#define BOOT_COUNTER_ENUM(NAME, word) BOOT_COUNTER_##NAME,
enum boot_counter { BOOT_COUNTERS(BOOT_COUNTER_ENUM) BOOT_COUNTER_COUNT };

/* The names of the laps, by enum boot_lap. */
extern const char *const BOOT_LAP_NAMES[BOOT_LAP_COUNT];

extern const struct schema BOOT_SCHEMA;
extern const struct lap_kind BOOT_LAPS;

struct workload_time boot_time(const void *options);

#endif
