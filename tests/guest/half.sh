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
  - {name: whole, run: net_stream, direction: receive, to: peer, length: 3s, on: [host]}
  - {name: half, run: net_stream, direction: receive, to: peer, length: 6s, on: [guest]}
END
"$tare" lab up half || fail "up"
on_host() { "$tare" lab exec --lab half host -- "$@"; }
"$tare" run --lab=half --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
until_says 60 "$scratch/err" "guest joined"
tap=$(on_host ip -br link show type tun | awk '{ print $1; exit }')
# Half of 100 Mbit/s as the switch counts it.
on_host tc qdisc add dev "$tap" root tbf rate 50mbit burst 16kb limit 512kb overhead 24 || skip "no tbf on a tap"
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[] | .streams[0].figures.throughput.value] | (.[1] / .[0]) > 0.49 and (.[1] / .[0]) < 0.51'
# Tap and uplink carried the guest's payload and its headers, byte for byte: without a warm-up they are counted from
# before the first byte until after the last, so no clock is in it. A large packet that was not yet cut counts its 66
# bytes of headers once, one of the wire for each 1448 bytes of payload: between these two, within 2 %.
figures='.trials[1].streams[0].figures'
for device in tap_sent uplink_received; do
    want "$figures | .$device.value / .bytes.value | . > 0.98 and . < 1.02 * 1514 / 1448"
done
want "$figures | .tap_sent.path == \"host $tap\" and .tap_shaped.value == 50e6 and .tap_overhead.value == 24"
want ".trials[1].streams[0] | .limited_by == \"wire\" and (.limits | tostring | contains(\"$tap, shaped to 50\"))"
# Its host's CPU for it, ten times a second, running all the time; what the series tells is what the price says.
want '.trials[1].domains | length == 1 and .[0].node == "guest" and .[0].host == "host"'
want '.trials[1].domains[0].points | length > 20 and .[-1][2] == 0'
want '.trials[1] | [.costs[] | select(.scope == "domain")][0] as $price | .domains[0].points |
      ((.[-1][1] - .[0][1]) / (.[-1][0] - .[0][0])) / ($price.used_ns / $price.wall_ns) | . > 0.85 and . < 1.15'
"$tare" lab down half || fail "down"
nothing_of_guests_left
