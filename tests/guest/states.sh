# What a guest does while its host is measured: paused, it keeps its boot, is dropped and joins anew, and its host
# sees nothing of it. And how long another takes to start, to boot, to be saved and to end.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: states
nodes:
  host: {role: host}
  guest: {role: guest, on: host, while_host_runs: paused, instances: kept, built_in: {memory: 192MiB}}
  other: {role: guest, on: host, built_in: {memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 2
steps:
  - {name: load, run: net_stream, to: peer, length: 1s, on: [host, guest]}
  - {name: times, run: guest_boot, to: other, on: [host]}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
agents+=("$run_pid")
until_says 60 "$scratch/err" "host send"
"$tare" guests >"$scratch/list" 2>&1 || fail "tare guests: $(<"$scratch/list")"
grep -Eq "^host +tare-guest-[0-9]+ \(tare's\) +paused " "$scratch/list" || fail "tare guests: $(<"$scratch/list")"
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[] | select(.step == "load") | "\(.streams[0].node) \(.guest_state)"] ==
      ["host paused", "guest running", "guest running", "host paused"]'
want '[.trials[] | select(.step == "load") | .streams[0].figures.throughput.value] | all(. > 1e6)'
want '[.trials[] | select(.step == "load" and .guest_state == "paused") | .streams[0].figures.idle_tax_guest.value] |
      length == 2 and all(. < 0.05)'
want '[.comparisons[] | select(.step == "load")] | length > 0 and all(.label | contains("guest paused"))'
# One boot for the whole run, and the verdict says so; its memory was there from the start.
want '[.nodes[] | select(.name == "guest")] | length == 1'
tr -s ' \n' ' ' <"$scratch/out" >"$scratch/words"
says words "holds for this boot of the guest"
want '[.trials[].flags[] | select(.kind == "first-touch")] == []'
# The other was started, heard of, saved, restored and ended within each of its trials, and was off before and after.
want '[.trials[] | select(.step == "times") | .streams[0].figures | [.start, .boot, .join, .save, .restore, .stop] |
      map(.value)] | length == 2 and all(length == 6 and all(. > 0.005 and . < 60))'
want '[.trials[] | select(.step == "times") | .streams[0].figures | .join.value > .boot.value] | all'
want '[.trials[] | select(.step == "times") | .start.verdict] | all(. == "single")'
sed -n '/^times /,/^$/p' "$scratch/out" >"$scratch/table"
for word in start boot join save restore stop; do
    grep -Eq "^ +host  $word +[0-9.]+ m?s  " "$scratch/table" || fail "no $word: $(<"$scratch/out")"
done
"$tare" show --archive "$archive" --format csv >"$scratch/csv" && says csv ",join,"
nothing_of_guests_left
