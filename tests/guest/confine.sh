# A host is confined to the CPUs and the memory of its guest, and back in all of the machine when it is over: its files
# are not cached beyond the guest's memory, its work is on the guest's number of CPUs, and the label says so.
. "$(dirname "$0")/lib.sh"
need_guests
groups_left() { find /sys/fs/cgroup -maxdepth 6 -type d -name "tare-$(id -u)-*" 2>/dev/null; }
[ -z "$(groups_left)" ] || skip "a group of another run: $(groups_left)"
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: confine
nodes:
  host: {role: host}
  guest: {role: guest, on: host, confine: visible, built_in: {vcpus: 1, memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: files, run: file_io, method: write, file: 16MiB, record: 1MiB, on: [host, guest]}
  - {name: net, run: net_stream, to: peer, length: 1s, on: [host, guest]}
  - {name: alone, run: net_stream, to: peer, length: 1s, on: [host]}
  - {name: both, run: net_stream, to: peer, length: 1s, on: [host, guest], when: together}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" || {
    cat "$scratch/out" "$scratch/err"
    grep -q "confine: no right\|confine: this machine has no" "$scratch/err" && skip "$(grep -o 'confine: .*' "$scratch/err" | head -1)"
    fail "exit code $?"
}
says err "guest is started first: host is confined to what it has"
want '[.trials[] | select(.streams[0].node == "host" and (.step == "files" or .step == "net")) | .confined] |
      length == 2 and all(.how == "visible" and (.cpus | test("^[0-9]+$")) and
      .memory_bytes > 64 * 1048576 and .memory_bytes < 192 * 1048576)'
# Who is compared with nobody, or with it at the same time, is not confined.
want '[.trials[] | select(.step == "alone" or .step == "both" or .streams[0].node == "guest") | .confined] |
      length == 4 and all(. == null)'
want '[.comparisons[] | select(.step == "net" or .step == "files")] | length > 0 and
      all((.label | test("host confined to CPU [0-9]+ and [0-9]+ MiB \\(visible\\)")) and
          ([.differences[].fact] | index("cpus_allowed", "memory_bytes") | not))'
want '[.comparisons[] | select(.step == "both")] | all(.label | contains("confined") | not)'
[ -z "$(groups_left)" ] || fail "left behind: $(groups_left)"
nothing_of_guests_left
