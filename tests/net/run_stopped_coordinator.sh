# The coordinator is stopped for longer than the agents wait for it (a laptop's lid, a debugger): they
# join again in the same session, and their clocks are probed by UDP as before.
. "$(dirname "$0")/lib.sh"
need_lab
"$tare" lab up lid >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
scenario 1s send send-2 send-3
: >"$scratch/err" # what an earlier run said must not count
"$tare" run --lab=lid --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "send-2   1.0 s"
kill -STOP "$tare_pid"
sleep 5
kill -CONT "$tare_pid"
wait "$tare_pid"
want '.trials | length == 3'
want '.trials[2] | .partial == false and ([.flags[].kind] | index("clock")) == null'
[ "$(sqlite3 "$archive" "select count(*) from clock where stamps = 'zeromq'")" = 0 ] || fail "$(sqlite3 "$archive" "select * from clock")"
