# IPv6 alone, nothing of IPv4 anywhere: the control connection, the clock probes by UDP and the
# measured bytes go over it.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up six --ipv6 2>"$scratch/words" || { grep -q "has no IPv6" "$scratch/words" && skip "$(cat "$scratch/words")"; fail "$(cat "$scratch/words")"; }
for machine in host peer coordinator; do
    [ -z "$("$tare" lab exec "$machine" -- ip -4 addr show scope global)" ] || fail "$machine has an address of IPv4"
done
scenario 500ms both
run 0 --lab=six "$scratch/scenario.yaml"
want '[.nodes[].address] == ["fd74:6172:65::2", "fd74:6172:65::3"]'
want '.trials[0] | .partial == false and ([.flags[].kind] | index("clock")) == null'
want '[.trials[0].streams[] | select(.role == "load") | .figures.throughput.value] | length == 2 and all(. > 10e6)'
[ "$(sqlite3 "$archive" "select count(*) from clock where stamps = 'zeromq'")" = 0 ] || fail "$(sqlite3 "$archive" "select * from clock")"
"$tare" lab down six || fail "down"
nothing_left
