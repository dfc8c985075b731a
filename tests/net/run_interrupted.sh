# Ctrl-C once: an orderly end, exit 4, what there is is shown. Twice: at once.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 1s send
cat >>"$scratch/scenario.yaml" <<'YAML'
  - {name: long, run: net_stream, to: peer, length: 60s, on: [host]}
YAML
# Jobs of a script ignore SIGINT; env gives it back.
: >"$scratch/err" # what an earlier run said must not count
env --default-signal=INT "$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "long   1.0 s"
kill -INT "$tare_pid"
code=0
SECONDS=0
wait "$tare_pid" || code=$?
[ "$code" = 4 ] || { cat "$scratch/err"; fail "exit code $code after Ctrl-C"; }
[ "$SECONDS" -le 6 ] || fail "the end took $SECONDS s"
says out "partial"
want '.trials | length == 2 and .[0].partial == false and .[1].partial == true'
nothing_left

: >"$scratch/err" # what an earlier run said must not count
env --default-signal=INT "$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
tare_pid=$!
until_says 20 "$scratch/err" "long   1.0 s"
kill -INT "$tare_pid"
sleep 0.02
kill -INT "$tare_pid" 2>/dev/null
code=0
SECONDS=0
wait "$tare_pid" 2>/dev/null || code=$?
[ "$code" = 4 ] || [ "$code" = 130 ] || fail "exit code $code after Ctrl-C twice"
[ "$SECONDS" -le 3 ] || fail "the end took $SECONDS s"
# A dead lab's directory may stay until the next one clears it; its processes may not, though they take
# the kernel a moment.
for try in {1..50}; do
    "$tare" lab up next >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
    "$tare" lab down next || fail "down"
    [ -z "$(find "$scratch" -maxdepth 2 -name 'lab-run-*' -print)" ] && break
    sleep 0.1
done
nothing_left

# While the lab is still being built: an orderly end, too.
for delay in 0.05 0.1 0.2; do
    env --default-signal=INT "$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
    tare_pid=$!
    sleep "$delay"
    kill -INT "$tare_pid"
    code=0
    wait "$tare_pid" || code=$?
    # 130: before the program had begun to do anything, on a machine that is slow to start it.
    [ "$code" = 4 ] || [ "$code" = 130 ] || { cat "$scratch/err"; fail "exit code $code after Ctrl-C $delay s after the start"; }
    nothing_left
done
