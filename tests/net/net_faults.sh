# What stands between two ends: a firewall that drops all that comes to the data ports, from the beginning and in
# mid-test. One clear line each, nothing hangs, the next trial goes on.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up wall >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
# The switch drops what goes between host and peer, as a firewall does, while both reach the coordinator.
wall()
{
    local port
    for port in sw-host sw-peer; do
        "$tare" lab exec --lab wall switch -- ip link set "$port" type bridge_slave isolated "$1" || fail "isolated $1"
    done
}

# A firewall lets both know where the other is.
mac=$("$tare" lab exec --lab wall peer -- ip -br link show eth0 | awk '{ print $3 }')
"$tare" lab exec --lab wall host -- ip neigh replace 10.77.0.3 lladdr "$mac" dev br0 nud permanent || fail "ip neigh"

cat >"$scratch/scenario.yaml" <<'YAML'
tare: 1
name: wall
nodes: {host: {role: host}, peer: {role: peer}}
start: {tolerance: 5s}
steps:
  - {name: tcp, run: net_rr, to: peer, length: 200ms, on: [host]}
  - {name: udp, run: udp_rr, to: peer, length: 200ms, on: [host]}
YAML
wall on
run 5 --lab=wall "$scratch/scenario.yaml"
grep -Eq 'host: 10\.77\.0\.3 port [0-9]+: the data connection did not come in time' "$scratch/err" || { cat "$scratch/err"; fail "no word of TCP"; }
grep -Eq 'host: 10\.77\.0\.3 UDP port [0-9]+: does a firewall drop UDP\?: the answer to the token did not come in time' "$scratch/err" ||
    { cat "$scratch/err"; fail "no word of UDP"; }
want '[.trials[].partial] == [true, true]'
wall off

# In mid-test: requests in datagrams are given up one after the other, then the flow.
sed -i 's/length: 200ms/length: 30s/; /name: tcp/d' "$scratch/scenario.yaml"
: >"$scratch/err"
"$tare" run --lab=wall --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
until_says 20 "$scratch/err" "udp   1.0 s"
wall on
code=0
wait "$run_pid" || code=$?
[ "$code" = 5 ] || { cat "$scratch/err"; fail "exit code $code, expected 5"; }
says err 'host: the other side no longer answers while waiting for a response: is the link down?'
want '.trials[0] | .partial and .streams[0].figures.lost.value > 0'
wall off

# The lab is as good as before.
sed -i 's/length: 30s/length: 200ms/' "$scratch/scenario.yaml"
run 0 --lab=wall "$scratch/scenario.yaml"
"$tare" lab down wall || fail "down"
nothing_left
