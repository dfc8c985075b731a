# The coordinator is killed and started again in mid-trial: the agents drop the old trial, serve the
# new run at once, and no work of the old one goes on beside it.
. "$(dirname "$0")/lib.sh"
own_home
scenario 60s
two_agents
begin_run
until_says 20 "$scratch/err" "2.0 s"
kill -9 "$run_pid"
wait "$run_pid" 2>/dev/null
scenario 1s
run 0 --port "$port" "$scratch/scenario.yaml"
want '.status == "complete" and (.trials | length == 1)'
# Dropped here, or broken off because the peer had dropped it first.
until_says 1 "$scratch/host.log" "trial 1"
"$tare" list --archive "$archive" --format json | jq -e '[.runs[].status] == ["aborted", "complete"]' >/dev/null ||
    fail "$("$tare" list --archive "$archive")"
