# Datagrams of two hosts that together exceed the port of their peer: what did not arrive is told as lost.
. "$(dirname "$0")/lib.sh"
need_lab
cat >"$scratch/scenario.yaml" <<'YAML'
tare: 1
name: loss
nodes: {a: {role: host}, b: {role: host}, peer: {role: peer}}
start: {tolerance: 5s}
steps:
  - {name: flood, run: udp_stream, rate: 80Mbit/s, to: peer, when: together, length: 1s, on: [a, b]}
YAML
# That both send as much as they are asked to shows when the machine has the time for it: once in five tries.
for try in {1..5}; do
    run 0 --lab "$scratch/scenario.yaml"
    want '.trials[0].partial == false'
    want '[.trials[0].streams[].figures] | length == 2 and
          all(.datagrams_received.value + .lost.value == .datagrams_sent.value and .duplicates.value == 0)'
    want '[.trials[0].streams[].figures.throughput.value] | add < 100e6'
    query '[.trials[0].streams[].figures.sent.value] | add > 130e6' && break
    [ "$try" -lt 5 ] || fail "never as much as was asked for"
done
want '[.trials[0].streams[].figures.lost.value] | add > 1000'
want '[.trials[0].streams[].figures.loss.value] | all(. > 0.02 and . < 0.9)'
says out ' loss '
nothing_left
