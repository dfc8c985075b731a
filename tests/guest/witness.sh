# The witness from outside: the host of a guest, which takes no part in the trial itself, tells what the vCPU did around
# T, beside what each node saw stolen from its own machine.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: witness
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 256MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 1
steps:
  - {name: alone, run: net_stream, direction: send, to: peer, length: 1s, on: [guest]}
  - {name: both, run: net_stream, direction: send, to: peer, length: 1s, on: [host, guest], when: together}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
query '[.trials[].start.around]' && cat "$scratch/query"
want '[.trials[].start.around | map(select(.node == "guest") | .seen_by) | sort == ["guest", "host"]] | length == 2 and all'
want '[.trials[].start.around[] | select(.seen_by == "host" and .node == "guest") | .from_ns < 0 and .to_ns > 0 and
      .cpus == 1 and .run_ns > 0 and .wait_ns >= .worst_ns and .worst_ns >= 0 and .steal_ns == null] | length == 2 and all'
want '[.trials[].start.around[] | select(.seen_by == .node) | .from_ns < 0 and .to_ns > 0 and .steal_ns >= 0 and
      .run_ns == null] | length == 5 and all'
grep -q "guest's vCPUs waited .* for a CPU around it" "$scratch/err" || fail "the witness is not told: $(<"$scratch/err")"
says out "its vCPUs waited"
want '[.trials[].flags[].kind] | all(. != "vcpu_wait")' # 5 s are never waited for
nothing_of_guests_left
