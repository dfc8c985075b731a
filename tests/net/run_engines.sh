# What nodes do by themselves, on two of them at once from a common start: each of the engines, one step each. Both have
# figures of their own, and a verdict says how far apart they began.
. "$(dirname "$0")/lib.sh"
need_lab
export XDG_CACHE_HOME=$scratch/cache
command -v make >/dev/null && command -v cc >/dev/null || skip "no make and cc"
mkdir "$scratch/tree"
printf 'program: one.o two.o\n\tcc -o $@ $^\n' >"$scratch/tree/Makefile"
echo 'int two(void); int main(void) { return two(); }' >"$scratch/tree/one.c"
echo 'int two(void) { return 0; }' >"$scratch/tree/two.c"
{
    printf 'tare: 1\nname: engines\nnodes: {host: {role: host, count: 2}}\nstart: {tolerance: 5s}\nrepeats: 1\nsteps:\n'
    printf '  - {%s, on: [host], when: together}\n' \
        "name: files, run: file_io, file: 256KiB, record: 4KiB, length: 1ms, directory: $scratch" \
        "name: build, run: compile, source: $scratch/tree, jobs: 2, warmups: 0, directory: $scratch" \
        "name: computing, run: cpu, test: huffman, length: 10ms, runs_least: 2, runs_most: 3" \
        "name: calls, run: micro, length: 10ms, directory: $scratch"
} >"$scratch/scenario.yaml"
run 0 --lab "$scratch/scenario.yaml"
# A machine that is too busy to answer ARM has the trial once more.
want '.status == "complete" and ([.trials[] | select(.partial | not)] | map(.step)) == ["files", "build", "computing", "calls"]'
done='[.trials[] | select(.partial | not)]'
want "$done"' | all(.start.verdict == "together")'
want "$done"' | all([.streams[].node] | sort == ["host1", "host2"])'
both() { want "${done}[$1]"' | [.streams[].figures | '"$2"'] == [true, true]'; }
both 0 '[.write, .reread, .random_read, .fwrite, .pread, .stride_read] | all(.value > 0 and .unit == "B/s")'
both 0 '.write_passes.value >= 1 and .write_cpu.value > 0'
both 1 '.real.value > 0 and .real.unit == "s" and .user.value > 0 and .steps.value == 3 and .jobs.value == 2'
both 2 '.huffman.value > 0 and .huffman_runs.value >= 2 and .huffman_runs.value <= 3'
both 3 '[.syscall_p50, .fork_exec_p99, .timer_p50, .fsync_mean] | all(.value > 0 and .unit == "s")'
[ -z "$(find "$scratch" \( -name '*tare-file*' -o -name 'tare-compile*' \))" ] || fail "something was left behind"
nothing_left
