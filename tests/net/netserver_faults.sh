# A netserver that is not there, one behind a firewall, and a cable pulled in mid-test: one line each, nothing
# hangs, and afterwards it works as before. The netserver is ours, met as a stock one.
. "${BASH_SOURCE%/*}/lib.sh"
need_lab
"$tare" lab up faults --peer-arg=--listen --peer-arg=10.77.0.3 --peer-arg=--allow --peer-arg=10.77.0.0/24 \
    --peer-arg=--test-hurry >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
on() { "$tare" lab exec --lab faults "$@"; }

# `against PLACE LENGTH`: a scenario with one stream to the netserver there.
against()
{
    printf '%s\n' 'tare: 1' 'name: faults' 'nodes:' '  host: {role: host}' "  box: {role: peer, netserver: \"$1\"}" \
        'start: {tolerance: 5s}' 'steps:' \
        "  - {name: send, run: net_stream, to: box, length: $2, on: [host]}" >"$scratch/scenario.yaml"
}

against 10.77.0.3:12866 500ms
run 5 --lab=faults "$scratch/scenario.yaml"
says err "host: the netserver at 10.77.0.3 port 12866: nobody listens there: start netserver"

against 10.77.0.3 1500ms
: >"$scratch/err"
"$tare" run --lab=faults --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
until_says 30 "$scratch/err" "send   1.0 s"
on peer -- ip link set eth0 down || fail "ip link set eth0 down"
code=0
wait "$run_pid" || code=$?
[ "$code" = 5 ] || { cat "$scratch/err"; fail "exit code $code after a cable that was pulled"; }
want '.trials[0].partial == true'
says err "host: the flow was aborted while"
on peer -- ip link set eth0 up || fail "ip link set eth0 up"

against 10.77.0.3 500ms
for try in {1..20}; do # the wire comes back, and the server is through with the test that was cut
    reaches faults host 10.77.0.3 && break
    sleep 0.2
done
run 0 --lab=faults "$scratch/scenario.yaml"
want '.status == "complete" and .trials[0].streams[0].figures.throughput.value > 30e6'

# A firewall that lets the control connection through, and nothing else.
if command -v nft >/dev/null; then
    rule='add table inet tare; add chain inet tare in { type filter hook input priority 0; };
        add rule inet tare in tcp dport 20000-65535 drop'
    on peer -- nft "$rule" 2>"$scratch/nft" || { echo "no nft here: $(cat "$scratch/nft")"; exit 0; }
    run 5 --lab=faults "$scratch/scenario.yaml"
    says err "the data connection did not come in time"
else
    echo "no nft here: the firewall is left out"
fi
