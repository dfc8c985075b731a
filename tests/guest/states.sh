# What a guest does while its host is measured: paused, it keeps its boot, is dropped and joins anew, and its host
# sees nothing of it. And how long one takes to start, to boot, to be saved and to end.
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
until_says 60 "$scratch/err" "host send"
for try in {1..40}; do
    "$tare" guests >"$scratch/list" 2>&1 || fail "tare guests: $(<"$scratch/list")"
    grep -q paused "$scratch/list" && break
    sleep 0.05
done
grep -Eq "^host +tare-guest-[0-9]+ \(tare's\) +paused " "$scratch/list" || fail "tare guests: $(<"$scratch/list")"
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[] | "\(.streams[0].node) \(.guest_state)"] ==
      ["host paused", "guest running", "guest running", "host paused"]'
want '[.trials[] | .streams[0].figures.throughput.value] | all(. > 1e6)'
want '[.trials[] | select(.step == "load" and .guest_state == "paused") | .streams[0].figures.idle_tax_guest.value] |
      length == 2 and all(. < 0.05)'
want '[.comparisons[] | select(.step == "load")] | length > 0 and all(.label | contains("guest paused"))'
# One boot for the whole run, and the verdict says so; its memory was there from the start.
want '[.nodes[] | select(.name == "guest")] | length == 1'
tr -s ' \n' ' ' <"$scratch/out" >"$scratch/words"
says words "holds for this boot of the guest"
want '[.trials[].flags[] | select(.kind == "first-touch")] == []'
nothing_of_guests_left

# ---- how long one takes: started, heard of, saved, restored and ended within its trial, off before and after ----

cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: times
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 192MiB}}
start: {tolerance: 5s}
steps:
  - {name: times, run: guest_boot, to: guest, on: [host]}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[0].streams[0].figures | .start, .boot, .join, .save, .restore, .stop | .value] |
      length == 6 and all(. > 0.005 and . < 100)'
want '.trials[0].streams[0].figures | .join.value > .boot.value'
want '.trials[0] | .start.verdict == "single" and .guest_state == "off"'
for word in start boot join save restore stop; do
    grep -Eq "^ host  $word +[0-9.]+ m?s$" "$scratch/out" || fail "no $word: $(<"$scratch/out")"
done
"$tare" show --archive "$archive" --format csv >"$scratch/csv" && says csv ",join,"
nothing_of_guests_left
