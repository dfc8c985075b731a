-- tare's archive: what every run found out. Open it with `sqlite3 -readonly archive.db`; the views
-- at the end are the place to start: SELECT * FROM runs; SELECT * FROM figures WHERE run = 12;
--
-- Times: *_ns are nanoseconds; at_ns and the operations' stamps are on the coordinator's
-- CLOCK_MONOTONIC_RAW, *_real_ns are UTC since 1970. "order" and "when" are words of SQL: quote them.
-- `idx` is a row's place within what it belongs to. What was rejected is flagged, never deleted.

PRAGMA application_id = 1952543333; -- "tare"
PRAGMA user_version = 10;           -- of these tables; upgrade.c has what came with each

CREATE TABLE run (
    no INTEGER PRIMARY KEY AUTOINCREMENT, -- the short number; never given twice
    uuid TEXT NOT NULL UNIQUE,
    scenario TEXT NOT NULL,
    status TEXT NOT NULL,                 -- running, complete, partial, aborted
    why TEXT NOT NULL,                    -- what ended it early
    started_real_ns INTEGER NOT NULL,
    ended_real_ns INTEGER NOT NULL,       -- 0 while it runs, or when nobody saw its end
    rounds INTEGER NOT NULL,
    tolerance_ns INTEGER NOT NULL,        -- how far apart starts may be to count as together
    seed INTEGER NOT NULL,                -- 64 bits without a sign, shown here with one
    schema INTEGER NOT NULL,              -- version of the scenario's language
    version TEXT NOT NULL,                -- of tare
    scenario_text TEXT NOT NULL,          -- the file as it was read
    overrides TEXT NOT NULL,              -- what the command line changed in it
    -- The coordinator's process: a run that is 'running' while this one is gone was aborted.
    pid INTEGER NOT NULL DEFAULT 0,       -- 0: not known
    pid_started INTEGER NOT NULL DEFAULT 0, -- clock ticks after the boot (field 22 of /proc/PID/stat)
    boot_id TEXT NOT NULL DEFAULT '',
    left_out TEXT NOT NULL DEFAULT ''     -- steps that could not be run here, "step: why" a line
) STRICT;

-- One row for each instance: an agent that was restarted in mid-run is here twice.
CREATE TABLE node (
    run INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,                   -- host, guest, peer
    instance TEXT NOT NULL,               -- random, of the agent's process
    boot_id TEXT NOT NULL,                -- equal ones share one machine and its /proc/stat
    product TEXT NOT NULL,
    version TEXT NOT NULL,                -- of the agent
    address TEXT NOT NULL,
    fingerprint TEXT NOT NULL,            -- JSON
    PRIMARY KEY (run, idx),
    UNIQUE (run, name, instance)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
    run INTEGER NOT NULL REFERENCES run (no) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    name TEXT NOT NULL,
    workload TEXT NOT NULL,
    "when" TEXT NOT NULL,                 -- paired, together
    "to" TEXT NOT NULL,                   -- the peer's name
    options TEXT NOT NULL,                -- JSON, every option with its resolved value
    PRIMARY KEY (run, idx)
) STRICT, WITHOUT ROWID;

-- One step within one round: the trials that are compared with each other.
CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    step INTEGER NOT NULL,
    round INTEGER NOT NULL,
    idx INTEGER NOT NULL,                 -- among all blocks of the run
    "order" TEXT NOT NULL DEFAULT 'written', -- of its trials: written (as the scenario has them), random, abba
    UNIQUE (run, idx),
    FOREIGN KEY (run, step) REFERENCES step (run, idx) ON DELETE CASCADE
) STRICT;

CREATE TABLE trial (
    id INTEGER PRIMARY KEY,
    block INTEGER NOT NULL REFERENCES block (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,                 -- within the block
    attempt INTEGER NOT NULL,             -- 1 and up: a start that was bad, repeated
    "order" INTEGER NOT NULL,             -- among all trials of the run, from 0
    kind TEXT NOT NULL,                   -- measure, warmup
    at_ns INTEGER NOT NULL,               -- T, the common start; 0 when it never was armed
    at_real_ns INTEGER NOT NULL,
    verdict TEXT NOT NULL,                -- on the start: together, late, unproven, single, none
    late TEXT NOT NULL,                   -- the node that was
    guest_state TEXT NOT NULL,
    partial INTEGER NOT NULL,             -- 1: ended before its time
    why TEXT NOT NULL,
    confined TEXT NOT NULL,               -- to what its host's work was kept: none, visible, envelope
    confined_cpus TEXT NOT NULL,          -- "0-1,3"
    confined_bytes INTEGER NOT NULL,      -- of memory
    UNIQUE (block, idx, attempt)
) STRICT;

-- One end of one flow of bytes.
CREATE TABLE stream (
    id INTEGER PRIMARY KEY,
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node TEXT NOT NULL,
    peer TEXT NOT NULL,
    role TEXT NOT NULL,                   -- load: the node under test; witness: the other end; domain: a guest, as its host saw it
    direction TEXT NOT NULL,              -- send, receive: seen from the node
    operates INTEGER NOT NULL,            -- 1: does the first operation, so it enters the skew
    first_op_ns INTEGER NOT NULL,         -- 0 when never
    first_op_bound_ns INTEGER NOT NULL,   -- +-
    last_op_ns INTEGER NOT NULL,
    last_op_bound_ns INTEGER NOT NULL,
    own_elapsed_ns INTEGER NOT NULL,      -- last - first on the node's own clock
    gate TEXT NOT NULL,                   -- how it waited for T: fifo, spin, sleep
    -- The witness: not earlier than the flow's first bytes arrived here, by this end's kernel; 0 where the
    -- bytes leave from, or the kernel did not tell.
    arrived_ns INTEGER NOT NULL,
    arrived_bound_ns INTEGER NOT NULL,
    -- The first operation as the node's own RAW clock had it: what first_op_ns is a claim about.
    own_first_op_ns INTEGER NOT NULL,
    -- Of a program that it starts: preloaded (executed before T, and held in front of its main), exec (executed at T).
    release TEXT NOT NULL,
    UNIQUE (trial, idx)
) STRICT;

-- Points of (own RAW stamp, bytes, operations), cumulative; three big-endian 64-bit numbers each. Of a domain
-- (its host's RAW stamp, ns of CPU, ns in which it was not running).
CREATE TABLE sample (
    stream INTEGER PRIMARY KEY REFERENCES stream (id) ON DELETE CASCADE,
    points BLOB NOT NULL
) STRICT;

-- A histogram of the times of all transactions, as common/stats/hist.h packs it: least, most and sum in ns, then
-- pairs of (buckets skipped, count). Histograms of several trials add up.
CREATE TABLE latency (
    stream INTEGER PRIMARY KEY REFERENCES stream (id) ON DELETE CASCADE,
    histogram BLOB NOT NULL
) STRICT;

-- What a stream did one after the other (a method on a file, a run of a test), raw, as its node told it: figures are
-- made of it. Stamps are the node's own RAW clock.
CREATE TABLE lap (
    stream INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    test TEXT NOT NULL,                   -- read, idea, ...
    number INTEGER NOT NULL,              -- among those of the test
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    counters TEXT NOT NULL,               -- a JSON object
    times BLOB,                           -- a histogram as in latency; NULL: there is none
    PRIMARY KEY (stream, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE figure (
    stream INTEGER NOT NULL REFERENCES stream (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    value REAL NOT NULL,
    "window" TEXT NOT NULL,               -- whole; common: while all streams of the trial ran
    clock TEXT NOT NULL,                  -- coordinator, own
    path TEXT NOT NULL,                   -- what the bytes went through
    PRIMARY KEY (stream, idx)
) STRICT, WITHOUT ROWID;

-- A node's clock against the coordinator's, at T. NULL: not known.
CREATE TABLE clock (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node TEXT NOT NULL,
    offset_ns INTEGER NOT NULL,           -- node's - coordinator's
    bound_ns INTEGER NOT NULL,
    ppm REAL,                             -- the node's clock runs faster by this
    ppm_bound REAL,
    wander_ppm REAL,                      -- assumed
    stamps TEXT NOT NULL,                 -- where most of the probes' come from: tx+rx, rx (the kernel), user, zeromq
    probes INTEGER NOT NULL,
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

-- What a node's kernel did to its clocks, as adjtimex(2) tells: MONOTONIC and REALTIME, not RAW, which tare goes by.
-- All nodes of one kernel have the same: time namespaces change nothing of it.
CREATE TABLE kernel_clock (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node TEXT NOT NULL,
    moment TEXT NOT NULL,                 -- before: at ARM; after: when all its flows had ended
    own_ns INTEGER NOT NULL,              -- the node's own RAW clock then
    ppm REAL,                             -- they run faster than RAW by this, frequency and tick; NULL: not known
    offset_ns INTEGER NOT NULL,           -- which the kernel's own loop still had to make up
    slew_ns INTEGER NOT NULL,             -- likewise, of adjtime(3), at 500 ppm
    error_ns INTEGER NOT NULL,            -- how far the wall clock might be off, as the kernel had been told
    synchronized INTEGER NOT NULL,
    status TEXT NOT NULL,                 -- STA_* of linux/timex.h: "pll nano"
    clocksource TEXT NOT NULL,            -- tsc, kvm-clock, ...
    why TEXT NOT NULL,                    -- it is not known
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE cost (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node TEXT NOT NULL,
    scope TEXT NOT NULL,                  -- machine, process, domain, vcpu, vhost, emulator, unattributed
    wall_ns INTEGER NOT NULL,
    cpus INTEGER NOT NULL,
    used_ns INTEGER NOT NULL,             -- machine: wall x CPUs - idle - iowait - steal
    user_ns INTEGER NOT NULL,             -- these are the kernel's ticks; they need not add up
    sys_ns INTEGER NOT NULL,
    iowait_ns INTEGER NOT NULL,
    steal_ns INTEGER NOT NULL,
    idle_baseline_ns INTEGER NOT NULL,    -- used in the same time without work; -1: not measured
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE skew (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    ns INTEGER NOT NULL,                  -- first operation of a - that of b
    bound_ns INTEGER NOT NULL,
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

-- What CPUs did around T: a node's as it saw them itself (steal), a guest's vCPUs as its host's scheduler saw them
-- (run, wait: the witness from outside). -1: not told.
CREATE TABLE around (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    node TEXT NOT NULL,
    seen_by TEXT NOT NULL,                -- itself, or its host
    cpus INTEGER NOT NULL,
    from_ns INTEGER NOT NULL,             -- after T, by the clock of who saw it; before T is negative
    to_ns INTEGER NOT NULL,
    run_ns INTEGER NOT NULL,              -- vCPUs, all together: on a CPU
    wait_ns INTEGER NOT NULL,             -- ready, without one
    worst_ns INTEGER NOT NULL,            -- that one of them was
    steal_ns INTEGER NOT NULL,            -- of the machine, in ticks of 10 ms
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE flag (
    trial INTEGER NOT NULL REFERENCES trial (id) ON DELETE CASCADE,
    idx INTEGER NOT NULL,
    stream INTEGER NOT NULL,              -- idx of the trial's stream; -1: the trial itself
    kind TEXT NOT NULL,
    value REAL,
    "limit" REAL,
    text TEXT NOT NULL,
    PRIMARY KEY (trial, idx)
) STRICT, WITHOUT ROWID;

CREATE VIEW runs AS
    SELECT no, uuid, scenario, status, datetime (started_real_ns / 1000000000, 'unixepoch') AS started_utc, why
    FROM run;

CREATE VIEW figures AS
    SELECT block.run, trial."order" AS trial, step.name AS step, block.round, trial.attempt, trial.kind,
           trial.verdict, trial.partial, stream.node, stream.peer, stream.role, stream.direction,
           figure.name, figure.value, figure.unit, figure."window", figure.clock
    FROM figure JOIN stream ON stream.id = figure.stream
                JOIN trial ON trial.id = stream.trial
                JOIN block ON block.id = trial.block
                JOIN step ON step.run = block.run AND step.idx = block.step;
