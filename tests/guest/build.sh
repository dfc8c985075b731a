# A guest builds as its host does: in the same small Debian, from the same tree on a disk that it gets with its start, on
# a disk of its own. The host's share of it is in the same system.
. "$(dirname "$0")/lib.sh"
need_guests
no_groups_of_others
command -v mmdebstrap >/dev/null || skip "no mmdebstrap"
words=$("$TARE_BIN/tare-node" --prepare-builds 2>&1) || skip "$words"
# What is made once is the user's; the trees are the test's.
kept=${XDG_CACHE_HOME:-$HOME/.cache}/tare
mkdir -p "$scratch/tree" "$scratch/cache/tare"
ln -s "$kept/guests" "$kept/roots" "$scratch/cache/tare"
export XDG_CACHE_HOME=$scratch/cache
sed 's/^>/\t/' >"$scratch/tree/Makefile" <<'END'
all: one.o two.o
one.o two.o: ../tree/Makefile
>cc -c -o $@ $(@:.o=.c)
>@cat /etc/debian_version; pwd; id -u
END
for name in one two; do echo "int $name;" >"$scratch/tree/$name.c"; done
cat >"$scratch/scenario.yaml" <<END
tare: 1
name: build
nodes:
  host: {role: host}
  guest: {role: guest, on: host, confine: visible, built_in: {memory: 512MiB, disk: 64MiB, compiler: true, accel: tcg}}
start: {tolerance: 5s}
repeats: 1
steps:
  - {name: build, run: compile, on: [host, guest], source: $scratch/tree, jobs: 1, warmups: 0}
END
touch "$scratch/err"
watch_work >"$scratch/work" &
watcher=$!
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
done='[.trials[] | select(.partial | not)] | ' # a busy machine that does not answer ARM has a trial once more
kill $watcher
want '.status == "complete"'
want "$done"'[.[].streams[].node] == ["host", "guest"]'
# Two commands, and three lines each: the same on both sides.
want "$done"'[.[].streams[].figures | .steps.value == 8 and .real.value > 0 and .user.value > 0] == [true, true]'
want "$done"'[.[].streams[].figures.real.path] | .[0] == .[1] and (.[0] | contains("system"))'
# Make and all that it has started kept to what the guest has, a CPU and the memory that it had when it had booted.
want "$done"'.[0].confined | .how == "visible" and (.cpus | test("^[0-9]+$")) and .memory_bytes < 512 * 1048576'
if [ "$(nproc)" -gt 1 ]; then
    read -r trial cpus < <(trial_of build)
    words=$(worked_on "$cpus" "$trial" "$scratch/work") || fail "the build, trial $trial, was not on CPU $cpus: $words"
fi
[ -z "$(groups_left)" ] || fail "left behind: $(groups_left)"
grep -q "making a disk of the tree" "$scratch/err" || fail "no disk of the tree: $(<"$scratch/err")"
nothing_of_guests_left
