# A user's own libvirt: where the system's daemon is none of his, the agent takes qemu:///session, whose daemon libvirt
# starts for him. His virtual machines are listed, a guest boots there and is measured, and an agent that is killed
# leaves none behind.
. "$(dirname "$0")/lib.sh"
need_guests
[ "$(id -u)" = 0 ] || skip "the device is root's to open"
command -v libvirtd >/dev/null || skip "no libvirtd (package libvirt-daemon)"
command -v virsh >/dev/null || skip "no virsh (package libvirt-clients)"
user=$(mktemp -d /tmp/tare-u-XXXX) # short: sockets are below it
leave()
{
    as_user "$user/tare" lab down --all >/dev/null 2>&1
    rm -rf "$user"
    clean_up
}
trap leave EXIT
cp "$TARE_BIN"/tare* "$TARE_BIN"/guests-libvirt.so "$user"/ && chmod 755 "$user"
mkdir -p "$user"/{run,home/.cache/tare,tmp,system} && chmod 700 "$user/run"
cp -a "${XDG_CACHE_HOME:-$HOME/.cache}/tare/guests" "$user/home/.cache/tare/" || fail "no image"
mknod "$user/tun" c 10 200 && chmod 666 "$user/tun" || skip "no device can be made"
cat >"$user/scenario.yaml" <<'END'
tare: 1
name: user
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: send, run: net_stream, direction: send, to: peer, length: 2s, on: [guest]}
END
chown -R 65534:65534 "$user"/{run,home,tmp}
cat >"$user/go" <<'END'
mount --bind "$1/tun" /dev/net/tun && mount --bind "$1/system" /run || exit 99
cd "$1" || exit 99
shift
exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u TMPDIR HOME="$PWD/home" XDG_RUNTIME_DIR="$PWD/run" \
    TMPDIR="$PWD/tmp" PATH=/usr/bin:/bin "$@"
END
as_user() { unshare -m bash "$user/go" "$user" "$@"; }
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
# What libvirt keeps in a user's runtime directory is its own.
left=$(find "$user/run" "$user/tmp" -mindepth 1 -not -path "$user/run/tare" -not -path "$user/run/libvirt*")
[ -z "$left" ] || fail "left behind: $left"
