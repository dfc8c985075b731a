# What goes wrong when nodes join, and what they say: another coordinator's invite, two agents with
# one key, a name that means nothing, IPv6 only, a port in use.
. "$(dirname "$0")/lib.sh"
own_home
scenario 20s
two_agents
# Another coordinator at the same address.
XDG_CONFIG_HOME=$scratch/other "$tare" invite web1 --endpoint "$endpoint" --out "$scratch/other.invite" 2>/dev/null
agent other.log tare-node --invite "$scratch/other.invite"
# The same key twice.
agent twice.log tare-node --invite "$scratch/host.invite"
# No such name.
sed 's/127\.0\.0\.1/no-such-host.invalid/' "$scratch/host.invite" >"$scratch/nowhere.invite"
chmod 600 "$scratch/nowhere.invite"
agent nowhere.log tare-node --invite "$scratch/nowhere.invite"
# IPv6 alone.
"$tare" invite six --endpoint "tcp://[::1]:$port" --out "$scratch/six.invite" 2>"$scratch/err" || fail "$(cat "$scratch/err")"
agent six.log tare-node --invite "$scratch/six.invite"
begin_run
until_says 15 "$scratch/nowhere.log" "no address for the name 'no-such-host.invalid'"
until_says 8 "$scratch/other.log" "is it the coordinator that this invite is from"
until_says 10 "$scratch/err" "1.0 s"
cat "$scratch/host.log" "$scratch/twice.log" >"$scratch/both.log"
until_says 8 "$scratch/both.log" "joined"
until_says 1 "$scratch/both.log" "'host' is here already, from 127.0.0.1"
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
    until_says 8 "$scratch/six.log" "joined tcp://[::1]:$port as 'six'"
    "$tare" nodes --port "$port" --format json |
        jq -e '.nodes[] | select(.name == "six") | .state == "joined" and .address == "::1"' >/dev/null || fail "$("$tare" nodes --port "$port")"
fi
# The port is taken, by a run and by somebody else.
code=0
"$tare" run --port "$port" --archive "$archive" "$scratch/scenario.yaml" 2>"$scratch/second" || code=$?
[ $code = 2 ] || fail "a second run ends with $code"
grep -q "in use" "$scratch/second" || fail "$(cat "$scratch/second")"
"$tare" nodes --port "$port" | grep -q '^host ' || fail "the run's control socket is gone"
"$tare" stop --port "$port" || fail "stop"
ends "$run_pid"
