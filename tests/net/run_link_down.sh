# A cable pulled for 2 s in mid-trial: the trial goes on and is flagged. For good: partial.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up cable >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
link() { "$tare" lab exec --lab cable host -- ip link set eth0 "$1" || fail "ip link set eth0 $1"; }

scenario 6s
: >"$scratch/err" # what an earlier run said must not count
"$tare" run --lab=cable --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "send   1.0 s"
link down
sleep 2
link up
code=0
wait "$tare_pid" || code=$?
[ "$code" = 0 ] || { cat "$scratch/err"; fail "exit code $code after a link that was down for 2 s"; }
want '.trials[0] | .partial == false and ([.flags[] | .kind] | index("link")) != null'
want '.trials[0].streams[0].figures.throughput.value | . > 10e6 and . < 85e6'

: >"$scratch/err" # what an earlier run said must not count
"$tare" run --lab=cable --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "send   1.0 s"
link down
code=0
wait "$tare_pid" || code=$?
[ "$code" = 5 ] || { cat "$scratch/err"; fail "exit code $code after a link that stayed down"; }
want '.status == "partial" and .trials[0].partial == true'
says err "host is gone"
