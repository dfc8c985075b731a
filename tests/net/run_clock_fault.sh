# A node's clock that steps by 50 ms in the middle of a trial (--test-step-at): the trial is flagged with node, moment
# and size, its start is unproven and it enters no comparison; but its figures are shown, on the coordinator's clock as
# well as by the node's own, which the step makes too small. The trials after it are as good as any.
. "$(dirname "$0")/lib.sh"
need_lab
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: faults
nodes:
  host: {role: host, count: 2}
  peer: {role: peer}
start: {tolerance: 5s}
compare: {base: host1, with: [host2]}
repeats: 2
steps:
  - {name: send, run: net_stream, direction: send, to: peer, length: 2s, on: host}
END
# Samples come every 250 ms: 1 s into the first trial of each host.
"$tare" lab up --scenario "$scratch/scenario.yaml" --host-arg --test-step-at --host-arg RUN:4 faults >"$scratch/up" 2>&1 ||
    fail "$(cat "$scratch/up")"
run 0 --lab=faults "$scratch/scenario.yaml"
sqlite3 -readonly "$archive" "select text from flag where kind = 'clock_fault'"
want '[.trials[] | [.round, .streams[0].node]] | sort == [[0, "host1"], [0, "host2"], [1, "host1"], [1, "host2"]]'

# The first round: whose, when and by how much, less what the queue in the switch leaves open. The wire is 100 Mbit/s, so 50 ms of 2 s are 2.5 % of a figure.
want '[.trials[] | select(.round == 0) | . as $t | [.flags[] | select(.kind == "clock_fault")] | length == 1 and
      (.[0] | (.text | startswith($t.streams[0].node + ": its clock stepped or changed its rate: seen ")) and
              .value > 0.001 and .value <= 0.0501)] | length == 2 and all'
want '[.trials[] | select(.round == 0) | .flags[] | select(.kind == "clock_fault") | .text |
      capture("seen (?<s>[0-9.]+) s after T").s | tonumber | . > 0.9 and . < 2.5] | length == 2 and all'
want '[.trials[] | select(.round == 0) | .start.verdict == "unproven" and .counts == false and
      .streams[0].first_op_ns == null and .streams[0].own_first_op_ns > 0] | length == 2 and all'
want '[.trials[] | select(.round == 0) | .streams[0].figures.throughput | .clock == "coordinator" and .value > 80e6 and
      .value < 94.5e6 and ((.others[] | select(.clock == "own")).value / .value | . > 0.96 and . < 0.99)] | length == 2 and all'

# The second: no fault, and what is compared.
want '[.trials[] | select(.round == 1) | .start.verdict == "single" and .counts and .streams[0].first_op_ns != null and
      all(.flags[]; .kind != "clock_fault")] | length == 2 and all'
want '[.comparisons[] | select(.figure == "throughput")] | length > 0 and all(.blocks == 1)'
says out "clock_fault, in no figure above: host1: its clock stepped"
