# Commands beside a run: who is here, reading along, a key taken back in mid-run, an orderly end.
. "$(dirname "$0")/lib.sh"
own_home
scenario 20s
two_agents
# Without a run the command itself waits for the nodes.
"$tare" nodes --port "$port" --format json >"$scratch/nodes" 2>"$scratch/err" || fail "$(cat "$scratch/err")"
jq -e '[.nodes[] | select(.state == "joined" and .rtt_ns > 0 and .clock_bound_ns > 0 and (.clock_stamps | IN("tx+rx", "rx", "user")))] | length == 2' "$scratch/nodes" >/dev/null ||
    fail "$(cat "$scratch/nodes")"
for verb in stop watch; do
    code=0
    "$tare" $verb --port "$port" 2>"$scratch/err" || code=$?
    [ $code = 2 ] || fail "$verb without a run: $code"
    says err "no run goes on"
done

begin_run
until_says 20 "$scratch/err" "1.0 s"
control=$XDG_RUNTIME_DIR/tare/control-$port
[ "$(stat -c '%a %F' "$control")" = "600 socket" ] || fail "the control socket is $(stat -c '%a %F' "$control")"
"$tare" nodes --port "$port" >"$scratch/nodes" || fail "nodes"
grep -Eq '^host +host +joined .* send$' "$scratch/nodes" && grep -Eq '^peer +peer +joined .* send$' "$scratch/nodes" ||
    fail "$(cat "$scratch/nodes")"
for i in 1 2 3; do
    "$tare" watch --port "$port" >"$scratch/watch-$i" 2>&1 &
    watchers[i]=$!
done
# One that never reads disturbs nobody.
mkfifo "$scratch/unread"
exec 9<>"$scratch/unread"
"$tare" watch --port "$port" >"$scratch/unread" 2>/dev/null &
until_says 5 "$scratch/watch-1" "host send"
# A node that is invited now is known at once.
"$tare" invite late --endpoint "$endpoint" --out "$scratch/late.invite" 2>"$scratch/late.err" || fail "$(cat "$scratch/late.err")"
agent late.log tare-node --invite "$scratch/late.invite"
until_says 5 "$scratch/late.log" "joined"
"$tare" revoke --port "$port" late 2>/dev/null || fail "revoke"
until_says 2 "$scratch/late.log" "has revoked this node's key"
until_says 8 "$scratch/late.log" "does not know this key"
"$tare" revoke --port "$port" late 2>"$scratch/late.err" && fail "revoked twice"
grep -q "nothing to revoke" "$scratch/late.err" || fail "$(cat "$scratch/late.err")"
"$tare" stop --port "$port" 2>"$scratch/late.err" || fail "$(cat "$scratch/late.err")"
ends "$run_pid"
[ "$code" = 4 ] || fail "exit code $code"
says err "interrupted; what was finished is kept"
[ ! -e "$control" ] || fail "$control is left"
for i in 1 2 3; do
    ends "${watchers[i]}"
    [ "$code" = 0 ] || fail "watch ends with $code"
    tail -1 "$scratch/watch-$i" | grep -q "interrupted" || fail "$(cat "$scratch/watch-$i")"
done
want '.status == "partial"'

# A node that the run needs is dropped at once, and the run says why.
begin_run
until_says 20 "$scratch/err" "1.0 s"
"$tare" revoke --port "$port" peer 2>/dev/null || fail "revoke"
ends "$run_pid"
[ "$code" = 5 ] || fail "exit code $code"
says err "peer is gone: its key was revoked" # and not: silent for so long

# What a killed run leaves is replaced.
"$tare" invite peer --endpoint "$endpoint" --out "$scratch/peer2.invite" 2>/dev/null
agent peer2.log tare-netserver --invite "$scratch/peer2.invite"
begin_run
until_says 20 "$scratch/err" "1.0 s"
kill -9 "$run_pid"
wait "$run_pid" 2>/dev/null
[ -S "$control" ] || fail "kill -9 leaves a socket"
scenario 300ms
run 0 --port "$port" "$scratch/scenario.yaml"
[ ! -e "$control" ] || fail "$control is left"
