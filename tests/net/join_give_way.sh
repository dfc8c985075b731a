# A command that only looks on never keeps a run from beginning: `tare nodes --watch` makes way for it,
# watches it, and goes on by itself when it is over; `tare invite --lab` leaves its nodes to it.
. "$(dirname "$0")/lib.sh"
own_home
scenario 1s
two_agents
"$tare" nodes --watch --port "$port" --format json >"$scratch/nodes" 2>"$scratch/nodes.err" &
nodes_pid=$!
# `until_nodes JQ`: of its newest line.
until_nodes()
{
    local try
    for try in {1..400}; do
        tail -n 1 "$scratch/nodes" | jq -e "$1" >"$scratch/query" 2>&1 && return 0
        sleep 0.05
    done
    tail -n 2 "$scratch/nodes"
    fail "never so: $1"
}
until_nodes '[.nodes[] | select(.state == "joined" and .role == null)] | length == 2'
for round in 1 2; do
    scenario 4s
    begin_run
    until_nodes '.nodes[0] | .role != null and .doing == "send"'
    ends "$run_pid"
    [ "$code" = 0 ] || { cat "$scratch/err"; fail "the run ends with $code"; }
    until_nodes '[.nodes[] | select(.state == "joined" and .role == null)] | length == 2'
done
kill -INT "$nodes_pid" 2>/dev/null
kill -TERM "$nodes_pid"
ends "$nodes_pid"
[ ! -s "$scratch/nodes.err" ] || fail "$(cat "$scratch/nodes.err")"

# A token's nodes, too.
"$tare" invite --lab --uses 3 --endpoint "$endpoint" --out "$scratch/lab.invite" 2>"$scratch/invite.err" &
invite_pid=$!
until_says 5 "$scratch/invite.err" "taking nodes in"
begin_run
ends "$invite_pid"
[ "$code" = 0 ] || fail "invite --lab ends with $code"
until_says 1 "$scratch/invite.err" "a run begins here, and takes nodes in"
agent more.log tare-node --invite "$scratch/lab.invite" --name more --state "$scratch/at-more"
until_says 5 "$scratch/more.log" "joined $endpoint as 'more'"
# But a run makes way for nobody.
code=0
"$tare" run --port "$port" --archive "$archive" "$scratch/scenario.yaml" 2>"$scratch/second" || code=$?
[ "$code" = 2 ] && grep -q "in use" "$scratch/second" || fail "$(cat "$scratch/second")"
"$tare" stop --port "$port" 2>"$scratch/stop" || fail "$(cat "$scratch/stop")"
grep -q "it has ended" "$scratch/stop" || fail "stop says $(cat "$scratch/stop")"
ends "$run_pid"
[ "$code" = 4 ] || fail "the run ends with $code"
