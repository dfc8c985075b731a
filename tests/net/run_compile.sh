# A tree built on two nodes at once, timed from a common start; a build that fails, and one that is cut short.
. "$(dirname "$0")/lib.sh"
need_lab
export XDG_CACHE_HOME=$scratch/cache
command -v make >/dev/null && command -v cc >/dev/null || skip "no make and cc"
mkdir "$scratch/tree"
sed 's/^>/\t/' >"$scratch/tree/Makefile" <<'END'
OBJECTS = one.o two.o three.o
program: $(OBJECTS)
>cc -o $@ $^
bad: one.o
>@echo the compiler is not amused; exit 3
slow:
>@echo begun; setsid sleep 7321 & sleep 7321
END
echo 'int two(void), three(void); int main(void) { return two() + three(); }' >"$scratch/tree/one.c"
for name in two three; do echo "int $name(void) { return 0; }" >"$scratch/tree/$name.c"; done
steps()
{
    printf 'tare: 1\nname: builds\nnodes: {host: {role: host, count: 2}}\nstart: {tolerance: 5s}\nrepeats: 1\nsteps:\n' \
        >"$scratch/scenario.yaml"
    printf "  - {run: compile, source: $scratch/tree, directory: $scratch, %s}\n" "$@" >>"$scratch/scenario.yaml"
}
sleepers() { grep -lsz '732[1]' /proc/[0-9]*/cmdline; } # not this grep itself

steps "name: both, on: [host], when: together, jobs: 2" "name: part, on: [host1], target: two.o three.o, warmups: 0"
run 0 --lab "$scratch/scenario.yaml"
# A machine that is too busy to answer ARM has the trial once more.
want '.status == "complete" and ([.trials[] | select(.partial | not)] | length) == 2'
done='[.trials[] | select(.partial | not)]'
# Four lines say what is run: three compilations and a link.
want "$done"'[0] | [.streams[].figures | .real.value > 0 and .real.unit == "s" and .user.value > 0 and .sys.value > 0 and
      .steps.value == 4 and .jobs.value == 2 and .cpus.value > 0 and .peak.value > 1e6 and .entry.value > 0] == [true, true]'
want "$done"' | .[0].start.verdict == "together" and .[1].streams[0].figures.steps.value == 2'
want "$done"'[0].streams[0].figures.real | tostring | test("tree [0-9a-f]{8}; make -j2; (?!started by)")'
# Both were held in front of make's main, whose entry is what counts as their start.
want "$done"' | map(.streams[] | .release == "preloaded" and (.gate | IN("fifo", "spin", "sleep")) and
      .figures.entry.value >= 0 and .laps[0].counters.preloaded == 1) == [true, true, true]'
says out ", preloaded"

# A static program cannot be held there: it is executed at the instant, and that is told.
cp "$TARE_BUILD/tests/programs/entered-static" "$scratch/tree/static" || fail "no static program"
steps "name: static, on: [host1], command: ./static env, warmups: 0"
run 0 --lab "$scratch/scenario.yaml"
want "$done"'[0].streams[0] | .release == "exec" and .figures.entry.value > 0 and .laps[0].counters.preloaded == 0 and
      (.figures.real.path | contains("started by exec, since it is static; "))'
says out ", exec"
rm "$scratch/tree/static"
[ -z "$(find "$scratch" -name 'tare-compile*')" ] || fail "left behind: $(find "$scratch" -name 'tare-compile*')"

# What went wrong says its last words, and is kept; a build over its limit ends with all that it has started.
steps "name: bad, on: [host1], target: bad" "name: slow, on: [host1], target: slow, warmups: 0, limit: 1s" \
    "name: good, on: [host1]"
run 5 --lab "$scratch/scenario.yaml"
want '.trials | map(.partial) == [true, true, false]'
want '.trials[0].why | contains("host1: warm-up: make failed with exit code 2: ") and
      contains("the compiler is not amused") and contains("kept on the node in '"$scratch"'/tare-compile-")'
want '.trials[1].why | contains("build: stopped")'
[ -z "$(sleepers)" ] || fail "a build goes on: $(sleepers)"
kept=$(find "$scratch" -maxdepth 1 -name 'tare-compile*')
[ -f "$kept/one.o" ] && grep -q amused "$kept/tare-build.log" || fail "not kept: $kept"
rm -rf "$kept"

# A tree that is not there is told before anything begins.
sed "s|$scratch/tree|/nowhere/at/all|" "$scratch/scenario.yaml" >"$scratch/nowhere.yaml"
run 2 --lab "$scratch/nowhere.yaml"
says err "step 'bad': source /nowhere/at/all: No such file or directory"

# An agent that is killed leaves no process, and what it leaves on the disk is gone with the next build there.
steps "name: slow, on: [host1], target: slow, warmups: 0"
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
for ((try = 0; try < 1200; try++)); do [ -z "$(sleepers)" ] || break; sleep 0.05; done
[ -n "$(sleepers)" ] || fail "the build does not begin: $(cat "$scratch/err")"
kill -9 "$(agent_of host1)" || fail "no agent of host1's"
ends "$run_pid"
[ "$code" -eq 3 ] || [ "$code" -eq 5 ] || fail "exit code $code: $(cat "$scratch/err")"
for ((try = 0; try < 100; try++)); do [ -n "$(sleepers)" ] || break; sleep 0.1; done
[ -z "$(sleepers)" ] || fail "a build goes on: $(sleepers)"
steps "name: good, on: [host1]"
run 0 --lab "$scratch/scenario.yaml"
[ -z "$(find "$scratch" -name 'tare-compile*')" ] || fail "left behind: $(find "$scratch" -name 'tare-compile*')"
nothing_left
