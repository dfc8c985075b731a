# What a node does by itself: files, computing, single operations. Whole runs, and what is in the way.
. "$(dirname "$0")/lib.sh"
need_lab
steps()
{
    printf 'tare: 1\nname: laps\nnodes: {host: {role: host}}\nrepeats: 1\nsteps:\n' >"$scratch/scenario.yaml"
    printf '  - {%s, on: [host]}\n' "$@" >>"$scratch/scenario.yaml"
}

steps "name: files, run: file_io, file: 256KiB, record: 4KiB, length: 1ms, threads: 2, directory: $scratch" \
    "name: matrix, run: file_io, cells: all, largest: 128KiB, method: read, length: 0s, directory: $scratch" \
    "name: idea, run: cpu, test: idea, length: 10ms, runs_least: 2, runs_most: 3" \
    "name: calls, run: micro, length: 10ms, directory: $scratch"
run 0 --lab "$scratch/scenario.yaml"
want '.status == "complete" and (.trials | length) == 4'
# Fifteen methods, each through 64 records for each of two threads; what is read was written just before.
want '.trials[0].streams | length == 2'
want '.trials[0].streams[0].figures | [.write, .fread, .pread, .record_rewrite, .stride_read] | all(.value > 0 and .unit == "B/s")'
want '.trials[0].streams[0].figures | .write_passes.value >= 2 and .read_cpu.value > 0'
want '.trials[1].streams[0].figures | [keys[] | select(startswith("read/") and (endswith("_passes") or endswith("_cpu") | not))] | length == 11'
want '.trials[2].streams[0].figures | .idea.value > 0 and .idea_runs.value >= 2 and .idea_runs.value <= 3'
want '.trials[3].streams[0].figures | [.syscall_p50, .fork_exec_p99, .timer_p50, .fsync_mean] | all(.value > 0 and .unit == "s")'
[ -z "$(find "$scratch" -name '*tare-file*')" ] || fail "a file was left behind"

# A directory that does not do is told in one line, and the step after it is measured all the same.
steps "name: nowhere, run: file_io, directory: /nowhere/at/all" \
    "name: large, run: file_io, file: 1048576MiB, directory: $scratch" \
    "name: good, run: file_io, method: write, file: 64KiB, length: 0s, directory: $scratch, matrix: {record: [4KiB, 64KiB]}"
run 5 --lab "$scratch/scenario.yaml"
want '.trials | map(.partial) == [true, true, false, false]'
want '.trials[2:] | map(.step) == ["good[record=4KiB]", "good[record=64KiB]"]'
want '.trials[0].why | contains("directory /nowhere/at/all: there is none on this node")'
want '.trials[1].why | contains("the files take 1TiB, and only")'
nothing_left
