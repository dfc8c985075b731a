# A lab's token: agents enrol with it, keep their own key, and go by that from then on.
. "$(dirname "$0")/lib.sh"
own_home
scenario 300ms
"$tare" invite --lab --uses 2 --endpoint "$endpoint" --out "$scratch/lab.invite" 2>"$scratch/invite.err" &
invite_pid=$!
until_says 5 "$scratch/invite.err" "taking nodes in"
[ "$(stat -c %a "$scratch/lab.invite")" = 600 ] || fail "mode of the token"
agent host.log tare-node --invite "$scratch/lab.invite" --name host --state "$scratch/at-host"
host_pid=$agent_pid
until_says 5 "$scratch/host.log" "joined $endpoint as 'host'"
# A name that is taken, while the token is good.
agent taken.log tare-node --invite "$scratch/lab.invite" --name host --state "$scratch/at-other"
until_says 5 "$scratch/taken.log" "the name 'host' is taken"
kill "$agent_pid"
agent peer.log tare-netserver --invite - --name peer --state "$scratch/at-peer" <"$scratch/lab.invite"
ends "$invite_pid"
[ "$code" = 0 ] || fail "invite --lab ends with $code: $(cat "$scratch/invite.err")"
until_says 1 "$scratch/invite.err" "is spent"
[ "$(stat -c %a "$scratch/at-host/host.invite")" = 600 ] || fail "mode of the kept key"
[ ! -e "$scratch/at-host/host.enrol" ] || fail "host.enrol is left"
# Spent: a run that serves says so; and the two that are in run.
agent spent.log tare-node --invite "$scratch/lab.invite" --name late --state "$scratch/at-late"
spent_pid=$agent_pid
run 0 --port "$port" "$scratch/scenario.yaml"
scenario 8s
begin_run
until_says 10 "$scratch/err" "host joined"
until_says 10 "$scratch/spent.log" "this token is spent"
kill "$spent_pid"
"$tare" stop --port "$port" || fail "stop"
ends "$run_pid"
# Started again, with the token or without anything, it goes by its own key.
kill "$host_pid"
ends "$host_pid"
agent host2.log tare-node --invite "$scratch/lab.invite" --name host --state "$scratch/at-host"
host_pid=$agent_pid
scenario 300ms
run 0 --port "$port" "$scratch/scenario.yaml"
kill "$host_pid"
ends "$host_pid"
agent host3.log tare-node --name host --state "$scratch/at-host"
run 0 --port "$port" "$scratch/scenario.yaml"
grep -q "enrolled" "$scratch/host2.log" "$scratch/host3.log" && fail "enrolled again"
"$TARE_BIN/tare-node" --name nobody --state "$scratch/at-host" 2>"$scratch/err" && fail "started without a key"
says err "--invite FILE is missing"

# A token beside a run, that enrols more and is taken back.
scenario 20s
begin_run
until_says 10 "$scratch/err" "joined"
"$tare" invite --lab --endpoint "$endpoint" --out "$scratch/more.invite" 2>"$scratch/invite.err" || fail "$(cat "$scratch/invite.err")"
agent more.log tare-node --invite "$scratch/more.invite" --name more --state "$scratch/at-more"
until_says 5 "$scratch/more.log" "joined $endpoint as 'more'"
token=$(sed -n 's/^name=//p' "$scratch/more.invite")
"$tare" revoke --port "$port" "$token" 2>/dev/null || fail "revoke $token"
agent never.log tare-node --invite "$scratch/more.invite" --name never --state "$scratch/at-never"
until_says 5 "$scratch/never.log" "does not know this token"
"$tare" nodes --port "$port" --format json | jq -e 'any(.nodes[]; .name == "more" and .state == "joined") and all(.nodes[]; .name != "never")' >/dev/null ||
    fail "$("$tare" nodes --port "$port")"
"$tare" stop --port "$port" || fail "stop"
ends "$run_pid"
# It expires.
"$tare" invite --lab --expires 1s --endpoint "$endpoint" --out "$scratch/short.invite" 2>"$scratch/invite.err" &
invite_pid=$!
sleep 1.2
agent short.log tare-node --invite "$scratch/short.invite" --name short --state "$scratch/at-short"
until_says 5 "$scratch/short.log" "this token has expired"
ends "$invite_pid"
[ "$code" = 0 ] || fail "invite --lab ends with $code: $(cat "$scratch/invite.err")"
# Ctrl-C before it is spent.
"$tare" invite --lab --endpoint "$endpoint" --out "$scratch/short.invite" 2>"$scratch/invite.err" &
invite_pid=$!
until_says 5 "$scratch/invite.err" "taking nodes in"
kill -TERM "$invite_pid"
ends "$invite_pid"
[ "$code" = 4 ] || fail "invite --lab ends with $code"
