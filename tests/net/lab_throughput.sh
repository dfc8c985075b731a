# The switch carries what 100BASE-TX carries, and loses nothing doing so.
. "${BASH_SOURCE%/*}/lib.sh"
command -v iperf3 >/dev/null || skip "no iperf3"
command -v python3 >/dev/null || skip "no python3"
need_lab
"$tare" lab up || fail "up"
"$tare" lab exec peer -- iperf3 --server --daemon --logfile /dev/null
for try in {1..50}; do
    "$tare" lab exec peer -- bash -c 'exec 3<>/dev/tcp/10.77.0.3/5201' 2>/dev/null && break
    sleep 0.05
done
sleep 0.2
for direction in "" --reverse; do
    # The first second is left out: there the sender fills the queues.
    "$tare" lab exec host -- iperf3 --client 10.77.0.3 --omit 1 --time 4 --json $direction >"$scratch/result" || fail "iperf3: $(<"$scratch/result")"
    python3 - "$scratch/result" "${direction:---forward}" <<'PYTHON' || fail "the switch"
import json, sys
end = json.load(open(sys.argv[1]))["end"]
rate, lost = end["sum_received"]["bits_per_second"] / 1e6, end["sum_sent"]["retransmits"]
print(f"{sys.argv[2][2:]}: {rate:.2f} Mbit/s, {lost} retransmits")
sys.exit(not (93.9 <= rate <= 94.3 and lost == 0))
PYTHON
done
