# A user's own libvirt: where the system's daemon is none of his, the agent takes qemu:///session, whose daemon libvirt
# starts for him. His virtual machines are listed, a guest boots there and is measured, and an agent that is killed
# leaves none behind.
. "$(dirname "$0")/lib.sh"
need_guests
command -v libvirtd >/dev/null || skip "no libvirtd (package libvirt-daemon)"
command -v virsh >/dev/null || skip "no virsh (package libvirt-clients)"
ordinary_user
mkdir "$user/system" # in place of /run: the system's daemon is not there
binds+=("$user/system" /run)
users_guest_scenario 2s 1
on_host() { as_user "$user/tare" lab exec --lab own host -- "$@"; }
list() { as_user "$user/tare" guests --lab=own >"$scratch/list" 2>&1; }

code=0
as_user "$user/tare" lab up own --host-arg=--libvirt --host-arg= >"$scratch/up" 2>&1 || code=$?
[ "$code" != 99 ] || skip "no mounts of one's own"
grep -q "user namespace" "$scratch/up" && skip "$(<"$scratch/up")"
[ "$code" = 0 ] || fail "up: $(<"$scratch/up")"

# ---- his virtual machines are listed ----

cat >"$user/own.xml" <<'END'
<domain type='qemu'><name>his</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
END
on_host timeout 60 virsh -q -c qemu:///session define "$user/own.xml" >"$scratch/define" 2>&1 ||
    skip "no daemon of a user's: $(<"$scratch/define")"
for try in {1..20}; do # it waits for the agents no longer than 6 s
    list
    grep -q '^host *his ' "$scratch/list" && break
done
grep -Eq '^host +his +off +1 +64MiB +QEMU [0-9.]+ +tcg$' "$scratch/list" || fail "tare guests: $(<"$scratch/list")"
on_host timeout 60 virsh -q -c qemu:///session undefine his >/dev/null || fail "undefine"

# ---- a guest of his is measured ----

archive=$user/home/.local/share/tare/archive.db
as_user timeout 120 "$user/tare" run --lab=own scenario.yaml >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[].streams[].figures.throughput.value] | length == 1 and all(. > 1e6)'
[ -z "$(on_host timeout 60 virsh -q -c qemu:///session list --all)" ] || fail "left behind: a domain"

# ---- paused while its host is measured, it has its port again afterwards ----

sed -e 's/on: host, /&while_host_runs: paused, instances: kept, /; s/on: \[guest\]/on: [host, guest]/; s/repeats: .*/repeats: 2/' \
    "$user/scenario.yaml" >"$user/paused.yaml"
as_user timeout 120 "$user/tare" run --lab=own paused.yaml >"$scratch/out" 2>"$scratch/err" ||
    { cat "$scratch/out" "$scratch/err"; fail "exit code $?"; }
want '[.trials[].streams[].figures.throughput.value] | length == 4 and all(. > 1e6)'

# ---- his agent is killed: the daemon ends the guest ----

sed -i 's/length: 2s/length: 60s/' "$user/scenario.yaml"
: >"$scratch/err"
as_user timeout 120 "$user/tare" run --lab=own scenario.yaml >"$scratch/out" 2>"$scratch/err" &
until_says 90 "$scratch/err" "] round 1"
[ -n "$(on_host timeout 60 virsh -q -c qemu:///session list)" ] || fail "no domain while the guest is measured"
agent=$(as_user "$user/tare" lab status | sed -n 's/.* host [0-9.]* (agent \([0-9]*\)).*/\1/p')
kill -9 "$agent" || fail "no agent of the host's"
wait "$!"
for try in {1..100}; do
    [ -z "$(on_host timeout 60 virsh -q -c qemu:///session list --all)" ] && break
    sleep 0.1
done
[ -z "$(on_host timeout 60 virsh -q -c qemu:///session list --all)" ] || fail "left behind: a domain"

as_user "$user/tare" lab down own >"$scratch/down" 2>&1 || fail "down: $(<"$scratch/down")"
nothing_of_the_user_left
