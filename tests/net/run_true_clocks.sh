# What is claimed of clocks and starts is true: host and peer live in time namespaces years apart, whose
# offsets the kernel tells exactly, and their clocks run off by 50 and -30 ppm (--test-drift), so that for
# each stamp of theirs the coordinator's time is known to the nanosecond. In every shot, with the ports idle
# and filled by TCP, each offset, each first operation and each skew must lie within its own bound.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 300ms both-{1..4}
"$tare" lab up --host-arg --test-drift --host-arg 50 --peer-arg --test-drift --peer-arg -30 clocks >"$scratch/up" 2>&1 ||
    fail "$(cat "$scratch/up")"

# `offset NODE`: of its namespace, ns.
offset()
{
    "$tare" lab exec --lab clocks "$1" -- awk '$1 == "monotonic" { printf "%d%09d", $2, $3 }' /proc/self/timens_offsets
}

# TRUE(x) of a node's stamp x: its clock reads (RAW + offset) (1 + ppb / 10^9).
host=$(offset host) peer=$(offset peer)
for truth in "$host" "$peer"; do
    [ "${truth:-0}" -gt 31536000000000000 ] || fail "not a year away: '$truth'"
done
true_of() # NODE-COLUMN STAMP-COLUMN
{
    echo "(case $1 when 'host' then ($2 / 1000050000) * 1000000000 + (($2 % 1000050000) * 1000000000) / 1000050000 - $host
                   else ($2 / 999970000) * 1000000000 + (($2 % 999970000) * 1000000000) / 999970000 - $peer end)"
}

# `check WHAT SHOTS`: every claim of the runs so far.
check()
{
    local f wrong
    f="select trial.id as trial, node, first_op_ns as claim, first_op_bound_ns as bound, $(true_of node own_first_op_ns) as truth
       from stream join trial on trial.id = stream.trial where operates"
    sqlite3 "$archive" "with f as ($f) select '$1: first operations ' || count(*) || ', bound us ' || round(avg(bound) / 1e3, 1) ||
        ', worst true error us ' || round(max(abs(claim - truth)) / 1e3, 1) from f"
    wrong=$(sqlite3 "$archive" "with f as ($f) select count(*) from f where abs(claim - truth) > bound + 2")
    [ "$wrong" = 0 ] || fail "$1: $wrong first operations are not where it is claimed"
    wrong=$(sqlite3 "$archive" "with f as ($f) select count(*) from skew join f a on a.trial = skew.trial and a.node = skew.a
        join f b on b.trial = skew.trial and b.node = skew.b where abs(skew.ns - (a.truth - b.truth)) > skew.bound_ns + 2")
    [ "$wrong" = 0 ] || fail "$1: $wrong skews are not what is claimed"
    # The rate, and the place at T: T's moment on the node's clock is at_ns + offset_ns, but for the bound.
    wrong=$(sqlite3 "$archive" "select count(*) from clock join trial on trial.id = clock.trial
        where abs($(true_of node '(at_ns + offset_ns)') - at_ns) > bound_ns + 2
           or abs(ppm - case node when 'host' then 50 else -30 end) > ppm_bound")
    [ "$wrong" = 0 ] || fail "$1: $wrong clocks are not where it is claimed, or run otherwise"
    [ "$(sqlite3 "$archive" "select count(*) from skew where bound_ns > 0")" = "$2" ] || fail "$1: $2 skews with a bound"
    [ "$(sqlite3 "$archive" "select count(*) from flag where kind in ('witness', 'wall_clock', 'clock_fault')")" = 0 ] || fail "$1: a false alarm"
}

run 0 --lab=clocks "$scratch/scenario.yaml"
check idle 4
# The kernel of each receiving end bears witness.
[ "$(sqlite3 "$archive" "select count(*) from stream where arrived_ns != 0 and not operates")" = 8 ] || fail "8 witnesses"

# Both ports filled before, during and after each trial. perl is in every Debian.
command -v perl >/dev/null || skip "no perl, to fill the ports with"
address=$("$tare" lab exec --lab clocks peer -- ip -4 -o address show scope global | sed -E 's#.* inet ([0-9.]+)/.*#\1#')
"$tare" lab exec --lab clocks peer -- timeout 30 perl -MIO::Socket::INET -e '
    my $l = IO::Socket::INET->new(Listen => 1, LocalPort => 9901, ReuseAddr => 1) or die "$!";
    my $s = $l->accept; my $b = "x" x 65536;
    if (fork) { 1 while sysread $s, my $got, 65536 } else { 1 while syswrite $s, $b }' &
"$tare" lab exec --lab clocks host -- timeout 30 perl -MIO::Socket::INET -e '
    my $s; for (1 .. 50) { last if $s = IO::Socket::INET->new("$ARGV[0]:9901"); select undef, undef, undef, 0.1 }
    my $b = "x" x 65536;
    if (fork) { 1 while sysread $s, my $got, 65536 } else { 1 while syswrite $s, $b }' "$address" &
sleep 0.5
run 0 --lab=clocks "$scratch/scenario.yaml"
check "idle and filled" 8
# They were filled: what was left for the trials is less than what they had alone.
rate() { sqlite3 "$archive" "select round(avg(value) / 1e6, 1) from figures where run = $1 and name = 'throughput' and \"window\" = 'whole' and clock = 'coordinator'"; }
echo "Mbit/s a flow, idle and filled: $(rate 1) $(rate 2)"
sqlite3 "$archive" "select $(rate 2) < 0.8 * $(rate 1)" | grep -q 1 || fail "the ports were not filled"
