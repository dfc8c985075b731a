# Stock netperf 2.7 measures against our server, every test, over IPv4 and IPv6; while a run has the
# machine it is refused.
. "${BASH_SOURCE%/*}/lib.sh"
netperf=$(stock netperf) || skip "$netperf"
need_lab

# `serve ARG...`: a lab whose peer serves netperf at $address. Its agents come up on their own time.
serve()
{
    "$tare" lab up stock --peer-arg=--listen --peer-arg="$address" --peer-arg=--allow --peer-arg="$network" "$@" \
        >"$scratch/up" 2>&1 && until_says 20 "$scratch/tare/lab-stock/peer.log" "serving netperf at $address"
}

# `np ARG...`: from the host; its words are in $scratch/np.
np() { timeout 30 "$tare" lab exec --lab stock host -- "$netperf" -H "$address" "$@" >"$scratch/np" 2>&1; }

# `figure LEAST MOST ARG...`: the one number that -P 0 -v 0 leaves.
figure()
{
    local least=$1 most=$2 figure
    shift 2
    np -P 0 -v 0 "$@" || fail "netperf $*: $(cat "$scratch/np")"
    figure=$(tail -n 1 "$scratch/np")
    echo "netperf $*: $figure"
    awk -v f="$figure" -v l="$least" -v m="$most" 'BEGIN { exit !(f + 0 >= l && f + 0 <= m) }' ||
        fail "netperf $*: $(cat "$scratch/np")"
}

# Megabytes or transactions instead of seconds: quick, and that is to be served as well.
every_test()
{
    local test
    for test in TCP_STREAM TCP_MAERTS TCP_SENDFILE; do figure 30 110 "$@" -t $test -l -4000000; done
    figure 10 120 "$@" -t UDP_STREAM -l -2000000 -- -m 1400
    for test in TCP_RR TCP_CRR UDP_RR; do figure 50 1e6 "$@" -t $test -l -100; done
}

address=10.77.0.3 network=10.77.0.0/24
serve || fail "$(cat "$scratch/up")"
every_test -4
# By time and with the CPU of both ends; more than once on one connection.
figure 0.01 1000 -4 -t TCP_STREAM -l 1 -T ,0 -C
np -4 -t TCP_STREAM -l -1000000 -i 3,3 -I 95,10 || fail "$(cat "$scratch/np")"

scenario 2s send
"$tare" run --lab=stock --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
until_says 30 "$scratch/err" "send   1.0 s"
np -4 -t TCP_STREAM -l 1 && fail "netperf was served in mid-trial"
says np "netperf: remote error 16"
wait "$run_pid" || fail "$(cat "$scratch/err")"
want '.status == "complete" and (.trials[0].streams[0].figures.throughput.value > 90e6)'
figure 30 110 -4 -t TCP_STREAM -l -4000000
"$tare" lab down stock >"$scratch/down" 2>&1 || fail "$(cat "$scratch/down")"

address=fd74:6172:65::3 network=fd74:6172:65::/64
if ! serve --ipv6; then
    grep -q "has no IPv6" "$scratch/up" || fail "$(cat "$scratch/up")"
    echo "no IPv6 here: that half is left out"
    exit 0
fi
every_test -6
