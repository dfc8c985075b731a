# Every network workload in every direction between host and peer of a lab, over IPv4; then over IPv6 between
# addresses that the scenario gives nodes which joined by IPv4.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up net >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
network_scenario
run 0 --lab=net "$scratch/scenario.yaml"
check_network_run
says out 'p99'
says out 'loss'

# `counted MACHINE FIELD`: of eth0 in /proc/net/dev: 2 bytes received, 10 sent.
counted() { "$tare" lab exec --lab net "$1" -- awk -v field="$2" '$1 == "eth0:" { print $field }' /proc/net/dev; }

# The interfaces saw what the figures tell, and heads and control messages beside it.
for step in send udp; do
    network_scenario
    sed -i "/name: /{/name: net/!{/name: $step,/!d}}; s/length: 200ms/length: 1s/" "$scratch/scenario.yaml"
    host=$(counted host 10) peer=$(counted peer 2)
    run 0 --lab=net "$scratch/scenario.yaml"
    host=$(($(counted host 10) - host)) peer=$(($(counted peer 2) - peer))
    bytes=$(query '.trials[0].streams[0].figures.bytes.value' && cat "$scratch/query")
    echo "$step: $bytes bytes, eth0 of host sent $host, of peer received $peer"
    for seen in "$host" "$peer"; do
        awk -v b="$bytes" -v s="$seen" 'BEGIN { exit !(s >= b && s <= b * 1.09 + 1e6) }' ||
            fail "$step: $bytes bytes by the figures, $seen by the interface"
    done
done

if ! "$tare" lab exec --lab net host -- ip addr add fd77::2/64 dev br0 nodad 2>"$scratch/words"; then
    echo "no IPv6 here: $(cat "$scratch/words")"
    exit 0
fi
"$tare" lab exec --lab net peer -- ip addr add fd77::3/64 dev eth0 nodad || fail "ip addr add"
octets() { "$tare" lab exec --lab net peer -- awk '$1 == "Ip6InOctets" { print $2 }' /proc/net/snmp6; }
network_scenario ', address: "fd77::%s"'
before=$(octets)
run 0 --lab=net "$scratch/scenario.yaml"
check_network_run
want '[.nodes[].address] == ["10.77.0.2", "10.77.0.3"]'
after=$(octets)
bytes=$(query '[.trials[].streams[] | select(.direction == "send") | .figures.bytes.value] | add' && cat "$scratch/query")
[ $((after - before)) -ge "$bytes" ] || fail "$bytes bytes were sent, $((after - before)) came by IPv6"

# An address that the node has not.
network_scenario ', address: "fd77::9%s"'
sed -i '/name: /{/name: net/!{/name: \(send\|udp\),/!d}}' "$scratch/scenario.yaml"
run 5 --lab=net "$scratch/scenario.yaml"
[ "$(grep -c 'peer: listening at \[fd77::93\]: this machine has no such address' "$scratch/err")" -ge 2 ] || { cat "$scratch/err"; fail "no word of the address"; }
"$tare" lab down net || fail "down"
nothing_left
