# A known truth: a guest whose card is shaped to half of what the wire carries comes out as half, within 2 %,
# and its bytes are those that tap and uplink have counted.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: half
nodes:
  host: {role: host}
  guest: {role: guest, on: host, while_host_runs: running, instances: kept, built_in: {memory: 256MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 1
steps:
  - {name: whole, run: net_stream, direction: receive, to: peer, length: 3s, warmup: 1s, on: [host]}
  - {name: half, run: net_stream, direction: receive, to: peer, length: 5s, warmup: 1s, on: [guest]}
END
"$tare" lab up half || fail "up"
on_host() { "$tare" lab exec --lab half host -- "$@"; }
"$tare" run --lab=half --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
agents+=("$run_pid")
until_says 60 "$scratch/err" "guest joined"
tap=$(on_host ip -br link show type tun | awk '{ print $1; exit }')
# Half of 100 Mbit/s as the switch counts it.
on_host tc qdisc add dev "$tap" root tbf rate 50mbit burst 16kb limit 512kb overhead 24 || skip "no tbf on a tap"
bytes() { on_host cat /proc/net/dev | awk -v dev="$1:" '$1 == dev { print $2, $10 }'; }
until_says 60 "$scratch/err" "host receive"
read -r _ tap_before <<<"$(bytes "$tap")"
until_says 60 "$scratch/err" "half   5.0 s"
read -r _ tap_after <<<"$(bytes "$tap")"
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[] | .streams[0].figures.throughput.value] | (.[1] / .[0]) > 0.49 and (.[1] / .[0]) < 0.51'
# The tap carried the guest's payload and its headers, no less, and no more than 10 % more.
query '.trials[1].streams[0].figures.bytes.value' || fail "no bytes"
awk -v payload="$(<"$scratch/query")" -v tap="$((tap_after - tap_before))" \
    'BEGIN { exit !(tap > payload * 0.8 && tap < payload * 1.35) }' || fail "payload $(<"$scratch/query"), tap $((tap_after - tap_before))"
"$tare" lab down half || fail "down"
nothing_of_guests_left
