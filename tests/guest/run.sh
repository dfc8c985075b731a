# Guests from a scenario: two of them, made, booted and joined anew each round, measured beside their
# host, priced, and gone. The host is measured while they are off; rounds begin in turn with and without.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: guests
nodes:
  host: {role: host}
  guest: {role: guest, on: host, count: 2, built_in: {memory: 256MiB, disk: 16MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 2
steps:
  - {name: alone, run: net_stream, direction: send, to: peer, length: 1s, on: [host, guest1]}
  - {name: all, run: net_stream, direction: receive, to: peer, length: 2s, on: [host, guest], when: together}
END
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
run_pid=$!
until_says 60 "$scratch/err" "guest2 joined"
"$tare" guests >"$scratch/list" 2>&1 || fail "tare guests: $(<"$scratch/list")"
for guest in guest1 guest2; do
    grep -Eq "^host +tare-$guest-[0-9]+ \(tare's\) +running +1 +256MiB +QEMU [0-9.]+ +(kvm|tcg)$" "$scratch/list" ||
        fail "tare guests: $(<"$scratch/list")"
done
wait "$run_pid" || { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '.status == "complete" and (.trials | length) == 6'
want '[.trials[] | "\(.step) \([.streams[].node] | join(","))"] == ["alone host", "alone guest1", "all host,guest1,guest2",
      "alone guest1", "all host,guest1,guest2", "alone host"]'
want '[.nodes[] | select(.role == "guest") | .fingerprint.accelerator] | length > 0 and all(. == "kvm" or . == "tcg")'
want '[.nodes[] | select(.role == "guest") | .fingerprint | .guest_start_ns > 0 and .guest_boot_ns > 0] | all'
want '[.trials[1,3].streams[0].figures.throughput.value] | all(. > 1e6 and . < 96e6)'
want '[.nodes[] | select(.role == "guest") | .fingerprint | .machine_type == "q35" and .nic_model == "virtio" and
      .pinning == "none" and .balloon == "none" and (.hypervisor_product | startswith("QEMU")) and
      (.storage_path | startswith("raw"))] | all'
# The whole of what the host used in a trial of a guest is in its parts, or said to be in none.
want '[.trials[1,3].costs[] | select(.node == "host" and .scope == "machine") | .used_ns > 0 and .steal_ns >= 0] | all'
want '[.trials[1,3].streams[0].figures | .host_load.value >= 0 and .host_domains.value == 0 and .tap_received.value > 1e5] | all'
# Three share the port, none gets nothing; rates make a sum only in the time in which all ran.
want '[.trials[2].streams[].figures.throughput.value] | length == 3 and all(. > 1e6)'
want '[.trials[2].totals[] | select(.window == "common") | .sum] | length == 1 and all(. < 97e6)'
# The starts of all three are proven, and a guest's clock is bounded like any other.
want '[.trials[2,4].start | .verdict == "together" and (.pairs | length) == 3 and all(.pairs[]; .bound_ns < 1e6)] | all'
want '[.trials[1,3].streams[0].cost.host_cpu_s] | all(. > 0)'

sql() { sqlite3 -readonly "$archive" "$1" >"$scratch/sql"; cat "$scratch/sql"; }
# A fresh one each round: two instances of each guest.
[ "$(sql "SELECT count(DISTINCT instance) FROM node WHERE name = 'guest1'")" = 2 ] || fail "instances: $(<"$scratch/sql")"
[ "$(sql "SELECT group_concat(guest_state, ' ') FROM (SELECT guest_state FROM trial ORDER BY \"order\")")" = \
    "off running running running running off" ] || fail "states: $(<"$scratch/sql")"
# A guest's price is the sum of its parts, most of it the vCPU's; the host that watched has its own, and
# what it uses without work.
cost="SELECT count(*) FROM cost d JOIN cost p ON p.trial = d.trial AND p.node = d.node WHERE d.scope = 'domain'"
whole=$(sql "SELECT count(*) FROM cost WHERE scope = 'domain'")
[ "$whole" = 8 ] || fail "prices of guests: $whole"
[ "$(sql "SELECT count(*) FROM (SELECT d.used_ns w, sum(p.used_ns) s FROM cost d JOIN cost p ON p.trial = d.trial AND
    p.node = d.node AND p.scope IN ('vcpu', 'vhost', 'emulator') WHERE d.scope = 'domain' GROUP BY d.trial, d.idx) WHERE w = s")" = 8 ] ||
    fail "the parts are not the whole: $(sql "SELECT * FROM cost")"
[ "$(sql "$cost AND p.scope = 'vcpu' AND p.used_ns > d.used_ns / 5")" = 8 ] || fail "no vCPU: $(sql "SELECT * FROM cost")"
[ "$(sql "SELECT count(*) FROM cost WHERE node = 'host' AND scope = 'machine' AND idle_baseline_ns >= 0")" = 6 ] ||
    fail "no idle baseline: $(sql "SELECT * FROM cost")"
nothing_of_guests_left
