# What a guest does while its host is measured: paused, it keeps its boot, is dropped and joins anew, and its host
# sees nothing of it; running, what it takes is a figure of the host's own.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: states
nodes:
  host: {role: host}
  guest: {role: guest, on: host, while_host_runs: paused, instances: kept, built_in: {memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 2
steps:
  - {name: load, run: net_stream, to: peer, length: 1s, on: [host, guest]}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
agents+=("$run_pid")
until_says 60 "$scratch/err" "host send"
"$tare" guests >"$scratch/list" 2>&1 || fail "tare guests: $(<"$scratch/list")"
grep -Eq "^host +tare-guest-[0-9]+ \(tare's\) +paused " "$scratch/list" || fail "tare guests: $(<"$scratch/list")"
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[] | "\(.streams[0].node) \(.guest_state)"] == ["host paused", "guest running", "guest running", "host paused"]'
want '[.trials[] | .streams[0].figures.throughput.value] | all(. > 1e6)'
want '[.trials[0,3].streams[0].figures.idle_tax_guest.value] | all(. < 0.05)'
want '.comparisons | length > 0 and all(.label | contains("guest paused"))'
# One boot for the whole run, and the verdict says so; its memory was there from the start.
want '[.nodes[] | select(.name == "guest")] | length == 1'
tr -s ' \n' ' ' <"$scratch/out" >"$scratch/words"
says words "holds for this boot of the guest"
want '[.trials[].flags[] | select(.kind == "first-touch")] == []'
nothing_of_guests_left
