# What the tests with a lab share. Each test has its own runtime directory: the labs of the user who
# runs the tests are neither seen nor touched.
set -u
tare=$TARE_BIN/tare
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
export XDG_RUNTIME_DIR=$scratch
unset TMPDIR

clean_up()
{
    local pid # of those that still run: another's process may have the number of one that has ended
    for pid in $(jobs -pr); do kill -9 "$pid" 2>/dev/null; done
    "$tare" lab down --all >"$scratch/down" 2>&1 || cat "$scratch/down"
    rm -rf "$scratch"
}
trap clean_up EXIT

skip()
{
    echo "skip: $*"
    exit 77
}

fail()
{
    echo "failed: $*"
    find "$scratch" -name '*.log' -size +0 -exec tail -v -n 12 {} + # of agents, and of the labs'
    exit 1
}

# `stock PROGRAM`: where netperf or netserver 2.7 is: $TARE_STOCK, the PATH, or what tests/stock.sh has
# fetched. Fails with why it is missing.
stock()
{
    local place
    for place in "${TARE_STOCK:-}/$1" "$(command -v "$1")" "$TARE_SOURCE/build/stock/usr/bin/$1"; do
        [ -x "$place" ] || continue
        [ "$1" != netperf ] || [[ $("$place" -V) == *"version 2.7"* ]] || continue
        echo "$place"
        return
    done
    echo "no stock $1 2.7 (tests/stock.sh fetches it, or TARE_STOCK=DIR); captured bytes are tested all the same"
    return 1
}

# This system lets us build a lab, or the test is skipped with what forbids it.
need_lab()
{
    local words
    if words=$("$tare" lab up probe 2>&1); then
        "$tare" lab down probe || fail "the first lab does not go down"
    elif [[ $words == *"cannot make"* || $words == *"has no"* || $words == *"install the package"* ]]; then
        skip "$words"
    else
        fail "$words"
    fi
}

# `agent_of MACHINE`: the pid of its agent in the one lab of this test's that is up.
agent_of() { "$tare" lab status 2>/dev/null | sed -n "s/.* $1 [0-9.]* (agent \\([0-9]*\\)).*/\\1/p"; }

# `reaches LAB MACHINE ADDRESS`: TCP gets an answer, be it a refusal; no ping is needed.
reaches()
{
    local words
    words=$("$tare" lab exec --lab "$1" "$2" -- timeout 3 bash -c "exec 3<>/dev/tcp/$3/9" 2>&1) && return 0
    [[ $words == *"Connection refused"* ]]
}

# Inode numbers of the namespaces of LAB, one a line.
namespaces()
{
    local machine
    for machine in switch host peer coordinator; do
        "$tare" lab exec --lab "$1" "$machine" -- readlink /proc/self/ns/{net,pid,mnt}
        [[ $machine == @(host|peer) ]] && "$tare" lab exec --lab "$1" "$machine" -- readlink /proc/self/ns/time
    done | sort -u
}

# `is_gone FILE`: within 10 s no process and no mount holds a namespace that FILE lists.
is_gone()
{
    local try
    for try in {1..100}; do
        if ! { readlink /proc/[0-9]*/ns/* /proc/[0-9]*/task/*/ns/*; grep -o 'net:\[[0-9]*\]' /proc/self/mountinfo; } \
            2>/dev/null | grep -qxFf "$1"; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}

# ---- runs ----

archive=$scratch/archive.db

# `scenario [LENGTH [STEPS...]]`: a small scenario in $scratch/scenario.yaml, one round.
scenario()
{
    local length=${1:-1s} step
    shift
    {
        printf 'tare: 1\nname: test\nnodes:\n  host: {role: host}\n  peer: {role: peer}\nstart: {tolerance: 5s}\nsteps:\n'
        for step in "${@:-send}"; do
            printf '  - {name: %s, run: net_stream, direction: %s, to: peer, length: %s, on: [host]}\n' \
                "$step" "${step%%-*}" "$length"
        done
    } >"$scratch/scenario.yaml"
}

# `run EXPECTED [ARG...]`: tare run with the test's archive; output in $scratch/{out,err}.
run()
{
    local expected=$1 code=0
    shift
    SECONDS=0
    timeout -k 5 "${patience:-60}" "$tare" run --archive "$archive" "$@" >"$scratch/out" 2>"$scratch/err" || code=$?
    if [ "$code" -ne "$expected" ]; then
        cat "$scratch/out" "$scratch/err"
        fail "exit code $code, expected $expected: tare run $*"
    fi
}

# `says FILE WORDS`: one line of $scratch/FILE holds the words.
says()
{
    grep -qF -- "$2" "$scratch/$1" && return 0
    cat "$scratch/$1"
    fail "$1 does not say '$2'"
}

# What a machine at work may add: a trial that did not begin, as a node had not answered ARM in time, and is given again.
ONCE_MORE='.trials |= map(select(.why // "" | contains("no answer to ARM") | not)) | '

# `query JQ`: of the newest run's JSON, with -e: false and null fail.
query() { "$tare" show --archive "$archive" --format json | jq -e "$ONCE_MORE$1" >"$scratch/query" || return 1; }

want()
{
    query "$1" && return 0
    "$tare" show --archive "$archive" --format json
    fail "not so: $1"
}

# `until_says SECONDS FILE WORDS`: wait for a line; on a busy machine four times as long. A run that has ended says
# nothing more.
until_says()
{
    local try over=""
    for ((try = 0; try < $1 * 80; try++)); do
        grep -qsF -- "$3" "$2" && return 0
        [ -z "$over" ] || break
        [ "$2" != "$scratch/err" ] || kill -0 "${run_pid:-$$}" 2>/dev/null || over=yes
        sleep 0.05
    done
    cat "$2"
    fail "no '$3' in $2 within $1 s"
}

nothing_left()
{
    local left
    left=$(find "$scratch" -maxdepth 2 -name 'lab-*' -print)
    [ -z "$left" ] || fail "left behind: $left"
}

# ---- joining, on this machine's loopback ----

# Keys, archive and port of the test's own.
own_home()
{
    export XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data
    port=$((11000 + $$ % 9000))
    endpoint=tcp://127.0.0.1:$port
}

# `agent LOG PROGRAM [ARG...]`: start one; its pid is in $agent_pid.
agent()
{
    local log=$scratch/$1 program=$2
    shift 2
    "$TARE_BIN/$program" "$@" <&0 >"$log" 2>&1 & # with our stdin, which & alone would take away
    agent_pid=$!
}

# `ends PID`: within 30 s, with its exit code in $code.
ends()
{
    local try
    for try in {1..300}; do
        if ! kill -0 "$1" 2>/dev/null; then
            code=0
            wait "$1" || code=$?
            return 0
        fi
        sleep 0.1
    done
    fail "process $1 does not end"
}

# Both nodes of `scenario`, invited and started.
two_agents()
{
    local name
    for name in host peer; do
        "$tare" invite "$name" --endpoint "$endpoint" --out "$scratch/$name.invite" 2>"$scratch/err" ||
            fail "$(cat "$scratch/err")"
    done
    agent host.log tare-node --invite "$scratch/host.invite"
    agent peer.log tare-netserver --invite "$scratch/peer.invite"
}

# `begin_run [ARG...]`: tare run in the background; its pid is in $run_pid.
begin_run()
{
    : >"$scratch/err" # what the run before said is not this one's
    "$tare" run --port "$port" --archive "$archive" "$@" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
    run_pid=$!
}

# ---- the network workloads ----

# `network_scenario [NODE-KEYS]`: each network workload in each direction, host against peer, in
# $scratch/scenario.yaml; the keys (", address: ...", with %s for the node's number) are given to both nodes.
network_scenario()
{
    local keys=${1:-} step
    {
        printf 'tare: 1\nname: net\nstart: {tolerance: 5s}\nnodes:\n'
        # shellcheck disable=SC2059 # the keys hold the place of the number
        printf "  host: {role: host$keys}\n  peer: {role: peer$keys}\nsteps:\n" ${keys:+2 3}
        while read -r step; do
            printf '  - {name: %s, to: peer, on: [host], length: 200ms}\n' "$step"
        done <<'STEPS'
send, run: net_stream, message: 64KiB
receive, run: net_stream, direction: receive, rcvlowat: off, nodelay: true
sendfile, run: net_stream, direction: sendfile, message: 100000B
many, run: net_stream, direction: both, streams: 2, warmup: 100ms
rr, run: net_rr, request: 100B, response: 3000B, warmup: 100ms
crr, run: net_crr, streams: 2
udp, run: udp_stream, rate: 20Mbit/s
udp_receive, run: udp_stream, direction: receive, message: 500B, rate: 5Mbit/s
udp_rr, run: udp_rr, request: 1B, response: 1000B, interval: 1ms
STEPS
    } >"$scratch/scenario.yaml"
}

# What holds of each of these trials, however busy the machine was.
check_network_run()
{
    local step
    want '.status == "complete" and [.trials[] | .partial] == [range(9) | false]'
    # What the one end tells is what the other end counted.
    for step in send receive sendfile many; do
        want "[.trials[] | select(.step == \"$step\") | .streams[].figures] | length > 0 and
              all(.throughput.value > 0 and .throughput.value < 99e6 and .bytes.value > 0 and .retransmits.value >= 0)"
    done
    want '[.trials[] | select(.step == "many") | .streams[].direction] | sort == ["receive", "receive", "send", "send"]'
    want '.trials[] | select(.step == "many") | .totals | map(select(.window == "common") | .streams) == [2, 2]'
    for step in rr crr udp_rr; do
        want "[.trials[] | select(.step == \"$step\") | .streams[].figures] | length > 0 and
              all(.transactions.unit == \"1/s\" and .transaction_count.value > 0 and .latency_min.value > 0 and
                  .latency_min.value <= .latency_p50.value and .latency_p50.value <= .latency_p90.value and
                  .latency_p90.value <= .latency_p99.value and .latency_p99.value <= .latency_p999.value and
                  .latency_p999.value <= .latency_p9999.value and .latency_p9999.value <= .latency_max.value)"
        # One at a time: all together took no longer than the flow.
        want "[.trials[] | select(.step == \"$step\") | .streams[] |
               .figures.transaction_count.value * .figures.latency_mean.value * 1e9 <= .own_elapsed_ns * 1.001] | all"
    done
    want '[.trials[] | select(.step == "rr" or .step == "crr") | .streams[].figures.retransmits.value] |
          length == 3 and all(. >= 0)'
    for step in udp udp_receive; do
        want "[.trials[] | select(.step == \"$step\") | .streams[].figures] | length == 1 and
              all(.datagrams_received.value > 0 and .datagrams_received.value <= .datagrams_sent.value and
                  .lost.value == .datagrams_sent.value - .datagrams_received.value and .duplicates.value == 0 and
                  .throughput.value <= .sent.value * 1.0001 and .sent.value < 21e6)"
    done
    want '[.trials[].streams[].figures | .util_node.value, .busy_node.value, .util_peer.value] | all(. >= 0 and . <= 100)'
    want '[.trials[].streams[].figures.demand_node.unit] | unique == ["us/KB", "us/transaction"]'
    want '[.trials[].flags[] | select(.kind == "stranger" or .kind == "loopback")] == []'
    [ "$(sqlite3 "$archive" "select count(distinct stream) from latency")" -ge 4 ] || fail "no histograms in the archive"
}
