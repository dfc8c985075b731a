# A guest in an envelope: in its share of a paired step all its threads and what serves them are on the envelope's CPU
# alone, its host's work is on the same one, in the others and afterwards nothing is; trials and label say so. What
# cannot be had is refused before anything is measured.
. "$(dirname "$0")/lib.sh"
need_guests
[ "$(nproc)" -ge 2 ] || skip "one CPU: everything is on it anyway"
no_groups_of_others
all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
cpu=${all##*[-,]} # the last one: none that is taken by default
cat >"$scratch/scenario.yaml" <<END
tare: 1
name: envelope
nodes:
  host: {role: host}
  guest: {role: guest, on: host, confine: envelope, built_in: {vcpus: 1, memory: 192MiB, pin: "$cpu"}}
  peer: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: cpu, run: cpu, test: idea, length: 50ms, on: [host, guest]}
  - {name: net, run: net_stream, to: peer, length: 1s, on: [host, guest]}
  - {name: both, run: net_stream, to: peer, length: 1s, on: [host, guest], when: together}
END
# On which CPUs QEMU's threads may run, ten times a second: "1" where all are in the envelope, "0-1 1" elsewhere.
watch_threads()
{
    local pid
    while sleep 0.1; do
        for pid in $(qemus); do
            cat /proc/"$pid"/task/*/status 2>/dev/null | awk '/^Cpus_allowed_list/ { print $2 }' | sort -u | paste -sd ' '
        done
    done
}
watch_threads >"$scratch/threads" &
watcher=$!
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err"
code=$?
kill $watcher
[ $code = 0 ] || {
    cat "$scratch/out" "$scratch/err"
    grep -q "confine: no right\|confine: this machine has no" "$scratch/err" && skip "$(grep -o 'confine: .*' "$scratch/err" | head -1)"
    fail "exit code $code"
}
grep -qx "$cpu" "$scratch/threads" || fail "QEMU was never in its envelope: $(sort "$scratch/threads" | uniq -c)"
awk -v cpu="$cpu" -v all="$all" '$0 == cpu { inside = 1 } inside && $1 == all { out = 1 } END { exit !out }' "$scratch/threads" ||
    fail "QEMU never left its envelope: $(uniq -c "$scratch/threads")"
want '[.trials[] | select(.step != "both") | .confined] | length >= 4 and
      all(.how == "envelope" and .cpus == "'"$cpu"'" and .memory_bytes > 64 * 1048576 and .memory_bytes < 192 * 1048576)'
want '[.trials[] | select(.step == "both") | .confined] | length >= 1 and all(. == null)'
want '[.trials[].flags[] | select(.kind == "envelope" or .kind == "outside")] == []'
want '[.comparisons[] | select(.step != "both")] | length > 0 and
      all((.label | test("host confined to CPU '"$cpu"' and [0-9]+ MiB \\(envelope\\), guest with all that serves it on CPU '"$cpu"' \\(envelope\\)")) and
          ([.differences[].fact] | index("cpus_allowed", "memory_bytes") | not))'
[ -z "$(groups_left)" ] || fail "left behind: $(groups_left)"
[ -z "$(find "$XDG_RUNTIME_DIR" -name 'envelope-*')" ] || fail "left behind: a note of the envelope"
nothing_of_guests_left

# A guest with more vCPUs than there are CPUs.
cat >"$scratch/scenario.yaml" <<END
tare: 1
name: envelope
nodes:
  host: {role: host}
  guest: {role: guest, on: host, confine: envelope, built_in: {vcpus: $(($(nproc) + 1)), memory: 192MiB}}
steps:
  - {name: cpu, run: cpu, test: idea, length: 50ms, on: [host, guest]}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" && fail "too few CPUs, and it ran"
says err "guest 'guest' on host: confine: envelope: its $(($(nproc) + 1)) vCPUs want as many CPUs of the host"
nothing_of_guests_left
