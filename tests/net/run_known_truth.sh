# A known truth: of two hosts on one switch the second one's port is shaped to half. The ratio comes out as
# half within 2 %; two runs between which ports were changed differ by that; each side says what limited it.
. "$(dirname "$0")/lib.sh"
need_lab
cat >"$scratch/scenario.yaml" <<'YAML'
tare: 1
name: truth
nodes:
  one: {role: host}
  two: {role: host}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 3
order: abba
compare: {base: one, with: [two]}
steps:
  - {name: send, run: net_stream, direction: send, to: peer, length: 1s, warmup: 300ms, on: [one, two]}
YAML
"$tare" lab up --scenario "$scratch/scenario.yaml" truth >"$scratch/up" 2>&1 || fail "$(cat "$scratch/up")"
# `shape MACHINE RATE`: its own end of the port.
shape()
{
    "$tare" lab exec --lab truth "$1" -- tc qdisc change dev eth0 root tbf rate "$2" burst 16kb limit 512kb overhead 24 ||
        fail "tc on $1"
}

# `comes_out FILE BASE LEAST MOST`: the throughput's ratio of BASE lies between, and its interval reaches there.
comes_out()
{
    jq -e --arg base "$2" --argjson least "$3" --argjson most "$4" '.comparisons[] |
        select(.figure == "throughput" and .base == $base) |
        .ratio > $least and .ratio < $most and .low < $most and .high > $least' "$1" >/dev/null
}

# What else this machine does shows in trials of a second: that the truth comes out shows when it has the
# time, once in five tries. What does not depend on that holds each time.

# ---- within one run ----

shape two 50mbit
for try in {1..5}; do
    run 0 --lab=truth "$scratch/scenario.yaml"
    first=$try
    want '.comparisons[] | select(.figure == "throughput") | .base == "one" and .with == "two" and .blocks == 3'
    want '.comparisons[] | select(.figure == "throughput") | .label == "shared machine, 1 difference"'
    want '.comparisons[] | select(.figure == "throughput") | .differences[0] |
          .fact == "link.shaped_bit_s" and .base == "100000000" and .with == "50000000"'
    # Each side is judged by its own port.
    want '.comparisons[] | select(.figure == "throughput") | [.sides[].limits[] | select(.by == "wire") | .ceiling] |
          .[0] > 94.1e6 and .[0] < 94.2e6 and .[1] > 47.0e6 and .[1] < 47.1e6'
    "$tare" compare last --archive "$archive" --format json >"$scratch/compared" || fail "tare compare"
    comes_out "$scratch/compared" one 0.49 0.51 && break
    [ "$try" -lt 5 ] || fail "half never came out as half: $(cat "$scratch/compared")"
done

# ---- between two runs ----

# These pairs are no neighbours in time, so whatever this machine did in between is in them: half and
# double are asked for coarsely.
shape two 100mbit
shape one 50mbit
run 0 --lab=truth "$scratch/scenario.yaml"
"$tare" compare "$first" last --archive "$archive" --format json >"$scratch/compared" || fail "tare compare"
{ comes_out "$scratch/compared" one 0.3 0.75 && comes_out "$scratch/compared" two 1.4 3; } ||
    fail "two runs do not differ by what was done: $(cat "$scratch/compared")"
"$tare" compare "$first" last --archive "$archive" >"$scratch/out"
says out "one in run $((first + 1)) against one in run $first"
"$tare" lab down truth || fail "down"
nothing_left
