# Our node measures against a stock netserver 2.7, every workload, over IPv4 and IPv6, and comes to what stock
# netperf comes to over the same wire.
. "${BASH_SOURCE%/*}/lib.sh"
netserver=$(stock netserver) || skip "$netserver"
netperf=$(stock netperf) || skip "$netperf"
need_lab

# `lab_with_stock ADDRESS [ARG]`: a lab in whose machine 'peer' a stock netserver listens, too.
lab_with_stock()
{
    address=$1
    "$tare" lab up stock "${@:2}" >"$scratch/up" 2>&1 || return 1
    "$tare" lab exec --lab stock peer -- "$netserver" -D -L "$address" -p 12865 >"$scratch/netserver.log" 2>&1 &
    local try
    for try in {1..50}; do
        "$tare" lab exec --lab stock host -- bash -c "exec 3<>/dev/tcp/$address/12865" 2>/dev/null && return 0
        sleep 0.05
    done
    fail "the stock netserver does not listen: $(cat "$scratch/netserver.log")"
}

# `stock_scenario LENGTH STEP...`: each step as NAME=OPTIONS.
stock_scenario()
{
    local length=$1 step
    shift
    {
        printf 'tare: 1\nname: stock\nnodes:\n  host: {role: host}\n  box: {role: peer, netserver: "%s"}\n' "$address"
        printf 'start: {tolerance: 5s}\nsteps:\n'
        for step in "$@"; do
            printf '  - {name: %s, %s, to: box, length: %s, on: [host]}\n' "${step%%=*}" "${step#*=}" "$length"
        done
    } >"$scratch/scenario.yaml"
}

# `value STEP FIGURE`: of its one stream.
value()
{
    "$tare" show --archive "$archive" --format json | jq -re --arg step "$1" --arg figure "$2" \
        '[.trials[] | select(.step == $step) | .streams[] | select(.role == "load") | .figures[$figure].value][0]' ||
        fail "no $2 of $1"
}

# `near OURS THEIRS FACTOR WHAT`
near()
{
    echo "$4: ours $1, stock netperf's $2"
    awk -v a="$1" -v b="$2" -v f="$3" 'BEGIN { exit !(a <= b * f && b <= a * f) }' || fail "$4 differs by more than x$3"
}

lab_with_stock 10.77.0.3 || fail "$(cat "$scratch/up")"
stock_scenario 700ms \
    'send=run: net_stream' 'receive=run: net_stream, direction: receive' 'sendfile=run: net_stream, direction: sendfile' \
    'warm=run: net_stream, warmup: 300ms' 'rr=run: net_rr' 'crr=run: net_crr' 'udp_rr=run: udp_rr' \
    'udp=run: udp_stream, message: 1400B, rate: 50Mbit/s'
run 0 --lab=stock "$scratch/scenario.yaml"
want '.status == "complete" and ([.trials[].flags[] | select(.kind == "netserver")] | length) == 0'
want '[.nodes[] | select(.name == "box") | .product == "a stock netserver"] == [true]'
want '[.trials[] | .start.verdict] | all(. == "single")'
# Each side's own count of a whole stream, and CPU use by the netserver's own rule, named so.
# (It does not count the send that its alarm has cut short.)
for step in send sendfile receive; do near "$(value "$step" bytes)" "$(value "$step" netserver_bytes)" 1.01 "bytes of $step"; done
# (Of CRR it divides the CPU of 5 s by the time of 1: that is left out.)
want '[.trials[] | select(.step != "crr") | .streams[0].figures.netserver_cpu.value] | all(. >= 0 and . <= 100)'
want '[.trials[] | select(.step | test("rr")) | .streams[0].figures | .transaction_count.value - .netserver_transactions.value] | all(. >= -2 and . <= 2)'

np() { timeout 30 "$tare" lab exec --lab stock host -- "$netperf" -H "$address" -P 0 -v 0 "$@" | tail -n 1; }
near "$(awk -v v="$(value send throughput)" 'BEGIN { print v / 1e6 }')" "$(np -t TCP_STREAM -l 1)" 1.1 TCP_STREAM
near "$(awk -v v="$(value receive throughput)" 'BEGIN { print v / 1e6 }')" "$(np -t TCP_MAERTS -l 1)" 1.1 TCP_MAERTS
near "$(awk -v v="$(value sendfile throughput)" 'BEGIN { print v / 1e6 }')" "$(np -t TCP_SENDFILE -l 1)" 1.1 TCP_SENDFILE
near "$(awk -v v="$(value warm throughput)" 'BEGIN { print v / 1e6 }')" 94 1.1 "TCP_STREAM behind a warm-up"
near "$(value rr transactions)" "$(np -t TCP_RR -l -2000)" 4 TCP_RR
near "$(value udp_rr transactions)" "$(np -t UDP_RR -l -2000)" 4 UDP_RR
want '[.trials[] | select(.step == "udp") | .streams[0].figures.throughput.value][0] | . > 45e6 and . < 51e6'
"$tare" lab down stock >"$scratch/down" 2>&1 || fail "$(cat "$scratch/down")"

if ! lab_with_stock fd74:6172:65::3 --ipv6; then
    grep -q "has no IPv6" "$scratch/up" || fail "$(cat "$scratch/up")"
    echo "no IPv6 here: that half is left out"
    exit 0
fi
stock_scenario 500ms 'send=run: net_stream' 'udp_rr=run: udp_rr'
run 0 --lab=stock "$scratch/scenario.yaml"
want '.status == "complete"'
near "$(awk -v v="$(value send throughput)" 'BEGIN { print v / 1e6 }')" 93 1.1 "TCP_STREAM over IPv6"
