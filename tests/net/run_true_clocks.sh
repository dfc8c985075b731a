# What is claimed of the clocks is true: host and peer live in time namespaces years apart, whose
# offsets the kernel tells exactly. Every claimed offset must lie within its own bound.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 500ms both-{1..6}
"$tare" lab up clocks >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
run 0 --lab=clocks "$scratch/scenario.yaml"
for node in host peer; do
    truth=$("$tare" lab exec --lab clocks "$node" -- awk '$1 == "monotonic" { printf "%.0f", $2 * 1e9 + $3 }' /proc/self/timens_offsets)
    [ "${truth:-0}" -gt 31536000000000000 ] || fail "$node is not a year away: '$truth'"
    wrong=$(sqlite3 "$archive" "select count(*) from clock where node = '$node' and abs(offset_ns - $truth) > bound_ns")
    shots=$(sqlite3 "$archive" "select count(*), cast(avg(bound_ns) as int), max(abs(offset_ns - $truth)) from clock where node = '$node'")
    echo "$node: shots | mean bound ns | worst true error ns: $shots"
    [ "$wrong" = 0 ] || fail "$node: $wrong claims of the clock are not within their bound"
    [ "${shots%%|*}" = 6 ] || fail "$node: expected 6 shots"
done
# The kernel of each receiving end bears witness, and contradicts nobody.
sqlite3 "$archive" "select 'witness: shots, first bytes after T, us: ' || count(*), group_concat((arrived_ns - at_ns) / 1000)
    from stream join trial on trial.id = stream.trial where arrived_ns != 0"
[ "$(sqlite3 "$archive" "select count(*) from stream where arrived_ns != 0 and not operates")" = 12 ] || fail "12 witnesses"
[ "$(sqlite3 "$archive" "select count(*) from flag where kind = 'witness'")" = 0 ] || fail "a witness contradicts"
# Each start has a claim, with a bound.
[ "$(sqlite3 "$archive" "select count(*) from skew where bound_ns > 0")" = 6 ] || fail "6 pairs of first operations"
