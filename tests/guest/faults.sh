# What goes wrong with guests is named, and leaves nothing behind: a QEMU that dies in mid-trial, the
# host's agent and the coordinator killed with -9.
. "$(dirname "$0")/lib.sh"
need_guests
cat >"$scratch/scenario.yaml" <<'END'
tare: 1
name: faults
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 256MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: first, run: net_stream, direction: send, to: peer, length: 20s, on: [guest]}
  - {name: second, run: net_stream, direction: send, to: peer, length: 1s, on: [guest]}
END
begin()
{
    : >"$scratch/err"
    "$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
    run_pid=$!
    until_says 60 "$scratch/err" "guest send"
}
ended()
{
    code=0
    wait "$run_pid" || code=$?
}

# ---- no QEMU, no device for its port: one line each, with what to do, before anything else is tried ----

code=0
PATH=$scratch/nothing "$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" || code=$?
[ "$code" = 2 ] || [ "$code" = 3 ] || fail "no QEMU, and exit code $code: $(<"$scratch/err")"
says err "install the package 'qemu-system-x86'"
nothing_of_guests_left
if [ "$(id -u)" = 0 ]; then
    code=0
    # shellcheck disable=SC2016 # the arguments are the inner shell's
    unshare -m bash -c 'mount -t tmpfs none /dev/net && exec "$@"' sh "$tare" run --lab --archive "$archive" \
        "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" = 2 ] || fail "no tun, and exit code $code: $(<"$scratch/err")"
    says err "a guest's network port needs /dev/net/tun: as root \`modprobe tun\`; scenarios/wire.yaml needs no guest"
fi

# ---- its QEMU dies: the trial is partial at once and says so; the next one has a new guest ----

begin
kill -9 "$(qemus)"
until_says 3 "$scratch/err" "its domain"
ended
[ "$code" = 5 ] || fail "exit code $code: $(<"$scratch/err")"
sqlite3 -readonly "$archive" "SELECT why FROM trial WHERE partial" >"$scratch/why"
grep -Eq '^guest: its domain (crashed|was destroyed|lost its QEMU|was stopped|shut down)$' "$scratch/why" ||
    fail "why: $(<"$scratch/why")"
want '[.trials[] | .streams | length > 0 and .[0].figures.throughput.value > 1e6] | length == 2 and .[1]'
nothing_of_guests_left

# ---- the host's agent dies: the run ends, and the guest with the lab ----

begin
lab=$(find "$scratch" -name 'lab-*' -maxdepth 2)
kill -9 "$(awk '$1 == "agent" && $2 == "host" { print $3 }' "$lab/record")"
ended
[ "$code" = 5 ] || fail "exit code $code: $(<"$scratch/err")"
says err "host is gone"
nothing_of_guests_left

# ---- the coordinator dies: nothing lives on; what the lab left on disk the next one clears ----

begin
kill -9 "$run_pid"
wait "$run_pid" 2>/dev/null
for try in {1..100}; do
    [ -z "$(qemus)" ] && break
    sleep 0.1
done
[ -z "$(qemus)" ] || fail "left behind: QEMU $(qemus)"
"$tare" lab up next && "$tare" lab down --all || fail "the next lab"
nothing_of_guests_left
