# The live view in a pipe: objects for programs, every line of them; and a pipe that nobody reads, which
# is full from the start, costs the run nothing: its trials are whole and undisturbed.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 1s send both
run 0 --lab --live=jsonl "$scratch/scenario.yaml"
jq -es 'map(.event) | .[-1] == "done" and (map(select(. == "trial")) | length) == 2
        and (map(select(. == "node")) | length) == 2 and (map(select(. == "run")) | length) == 1' \
    "$scratch/err" >/dev/null || { cat "$scratch/err"; fail "not the events of a run"; }
# A trial's line is what `tare show` gives of it.
"$tare" show --archive "$archive" --format json | jq -S '.trials[1]' >"$scratch/shown"
jq -S 'select(.event == "trial" and .place == 2) | del(.event, .time, .no, .place, .left_ns)' "$scratch/err" >"$scratch/live"
diff "$scratch/shown" "$scratch/live" || fail "the trial differs from what tare show gives"
jq -es 'map(select(.event == "rates")) | length >= 8 and all(.[]; .streams | length >= 1)
        and any(.[]; .streams[0].figures.throughput.value > 5e7)' "$scratch/err" >/dev/null || fail "rates"

run 3 --lab --live=jsonl --wait 1s <(sed 's/  peer: .*/&\n  web1: {role: guest, on: host}/' "$scratch/scenario.yaml")
jq -es '.[-1] | .event == "done" and .exit_code == 3 and .status == null and (.error | test("web1"))' "$scratch/err" \
    >/dev/null || { cat "$scratch/err"; fail "the end of a run that never began"; }

run 2 --live=pretty "$scratch/scenario.yaml"
says err "none of auto|tty|plain|jsonl|none"

mkfifo "$scratch/pipe"
exec 7<>"$scratch/pipe"
timeout 0.5 cat /dev/zero >&7
for kind in plain jsonl tty; do
    timeout -k 5 60 "$tare" run --lab --archive "$archive" --live=$kind "$scratch/scenario.yaml" >"$scratch/out" 2>&7 ||
        fail "exit code $? with $kind and nobody to read it"
    want '.status == "complete" and ([.trials[] | .flags[] | select(.kind == "link")] | length) == 0'
done
exec 7>&-
nothing_left
