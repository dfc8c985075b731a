# The switch carries what 100BASE-TX carries, and loses nothing doing so.
. "${BASH_SOURCE%/*}/lib.sh"
command -v iperf3 >/dev/null || skip "no iperf3"
need_lab
"$tare" lab up || fail "up"
"$tare" lab exec peer -- iperf3 --server --daemon --logfile /dev/null
for try in {1..50}; do
    "$tare" lab exec peer -- bash -c 'exec 3<>/dev/tcp/10.77.0.3/5201' 2>/dev/null && break
    sleep 0.05
done
sleep 0.2
# `measure DIRECTION`: "Mbit/s retransmits". The first second is left out: there the sender fills the queues.
measure()
{
    "$tare" lab exec host -- iperf3 --client 10.77.0.3 --omit 1 --time 3 --json "$@" >"$scratch/result" ||
        fail "iperf3: $(<"$scratch/result")"
    jq -r '.end | "\(.sum_received.bits_per_second / 1e6) \(.sum_sent.retransmits)"' "$scratch/result"
}

# No wire of 100 Mbit/s carries more, at any time. That it carries as much shows when the machine has the
# time for it: once in five tries. Where it never had, that is told, and nothing is concluded.
load() { awk '{ print $1 }' /proc/loadavg; }
for direction in "" --reverse; do
    for try in {1..5}; do
        read -r rate lost <<<"$(measure $direction)"
        echo "${direction:-forward}: $rate Mbit/s, $lost retransmits"
        awk -v r="$rate" 'BEGIN { exit !(r <= 94.3) }' || fail "more than 100BASE-TX carries"
        awk -v r="$rate" -v l="$lost" 'BEGIN { exit !(r >= 93.9 && l == 0) }' && break
        [ "$try" -lt 5 ] && continue
        awk -v l="$(load)" -v n="$(nproc)" 'BEGIN { exit !(l > 0.75 * n) }' && skip "the machine is busy: load $(load) on $(nproc) CPUs"
        fail "never what 100BASE-TX carries, without a loss"
    done
done
