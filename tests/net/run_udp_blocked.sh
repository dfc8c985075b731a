# A firewall that drops UDP only: the clock falls back to the control channel, and the result says so.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up wall >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
# No firewall's modules are needed: a routing rule knows the protocol, too.
"$tare" lab exec --lab wall host -- ip rule add ipproto udp prefix 0.0.0.0/0 blackhole 2>"$scratch/why" ||
    "$tare" lab exec --lab wall host -- ip rule add ipproto udp blackhole 2>"$scratch/why" ||
    skip "this kernel has no routing rule by protocol: $(cat "$scratch/why")"
scenario 1s both
run 0 --lab=wall "$scratch/scenario.yaml"
says err "no clock probe comes back by UDP"
want '.trials[0] | .partial == false and ([.flags[].kind] | index("clock")) != null'
[ "$(sqlite3 "$archive" "select stamps from clock where node = 'host'")" = zeromq ] || fail "stamps of host"
[ "$(sqlite3 "$archive" "select stamps from clock where node = 'peer'")" != zeromq ] || fail "stamps of peer"
sqlite3 "$archive" "select node, stamps, bound_ns from clock"
