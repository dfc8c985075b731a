# What can happen to the other end of a flow in mid-trial, to each workload that net_faults.sh and run_link_down.sh have
# not: it stops reading, its cable is pulled, it is killed. One line each, the trial is partial, and the lab as good
# as before. The workloads side by side, each in a lab of its own, for it is waiting that takes the time.
. "$(dirname "$0")/lib.sh"
need_lab

WORKLOADS=(
    'sendfile=run: net_stream, direction: sendfile'
    'rr=run: net_rr'
    'crr=run: net_crr'
    'udp=run: udp_stream, rate: 50Mbit/s'
    'udp_rr=run: udp_rr'
)
BREAKS=(stop down kill)

# shellcheck disable=SC2016 # the peer's shell expands these
on_peer() { "$tare" lab exec --lab "$name" peer -- bash -c "$1"; }
break_stop() { on_peer 'kill -STOP $(pidof tare-netserver)'; }
mend_stop() { on_peer 'kill -CONT $(pidof tare-netserver)'; }
break_down() { on_peer 'ip link set eth0 down'; }
mend_down() { on_peer 'ip link set eth0 up'; }
break_kill() { on_peer 'kill -KILL $(pidof tare-netserver)'; }

# `suffers NAME OPTIONS`: in a scratch place of its own.
suffers()
{
    name=$1 scratch=$scratch/$1
    archive=$scratch/archive.db
    local fault code
    mkdir "$scratch"
    "$tare" lab up "$name" >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
    printf '%s\n' 'tare: 1' 'name: cut' 'nodes: {host: {role: host}, peer: {role: peer}}' 'start: {tolerance: 5s}' \
        'steps:' "  - {name: $1, $2, to: peer, length: 90s, on: [host]}" >"$scratch/scenario.yaml"
    for fault in "${BREAKS[@]}"; do
        SECONDS=0 code=0
        : >"$scratch/err"
        "$tare" run --lab="$name" --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
        run_pid=$!
        until_says 30 "$scratch/err" " 1.0 s"
        "break_$fault" || fail "break $fault"
        wait "$run_pid" || code=$?
        [ "$code" = 5 ] || { cat "$scratch/err"; fail "$1, $fault: exit code $code, expected 5"; }
        want '.status == "partial" and (.trials | length) == 1 and .trials[0].partial'
        echo "$1, $fault, $SECONDS s: $(query '.trials[0].why' && cat "$scratch/query")"
        [ "$fault" = kill ] || "mend_$fault" || fail "mend $fault"
    done
    "$tare" lab down "$name" || fail "down"
}

pids=()
for workload in "${WORKLOADS[@]}"; do
    suffers "${workload%%=*}" "${workload#*=}" >"$scratch/${workload%%=*}.told" 2>&1 &
    pids+=("$!")
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
cat "$scratch"/*.told
[ "$failed" = 0 ] || fail "see above"
nothing_left
