# kill -9 of the coordinator: the agents stop the work within 5 s and serve the next run; the
# archive calls the run aborted and keeps its trials.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up again >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
lab=$(find "$scratch" -type d -name 'lab-again')
scenario 1s send send-2
sed -i 's/name: send-2\(.*\)length: 1s/name: send-2\1length: 60s/' "$scratch/scenario.yaml"
: >"$scratch/err" # what an earlier run said must not count
"$tare" run --lab=again --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "send-2   1.0 s"
kill -9 "$tare_pid"
wait "$tare_pid" 2>/dev/null
until_says 6 "$lab/host.log" "is silent for"
until_says 6 "$lab/peer.log" "is silent for"
scenario 500ms
run 0 --lab=again "$scratch/scenario.yaml"
want '.status == "complete"'
"$tare" list --archive "$archive" --format json | jq -e '[.runs[].status] == ["aborted", "complete"]' >/dev/null ||
    fail "$("$tare" list --archive "$archive")"
"$tare" show 1 --archive "$archive" --format json | jq -e '.trials | length == 1 and .[0].partial == false' >/dev/null ||
    fail "the trial that was finished before the kill is not whole"
