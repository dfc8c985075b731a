# A guest without root: in a lab of an ordinary user's own namespaces. Where /dev/net/tun is not open to him, one line
# says so before anything is made; where it is, as Debian has it, the guest boots and is measured.
. "$(dirname "$0")/lib.sh"
need_guests
[ "$(id -u)" = 0 ] || skip "the device is root's to open and close"
user=$(mktemp -d /tmp/tare-u-XXXX) # short: sockets are below it
leave()
{
    as_user open "$user/tare" lab down --all >/dev/null 2>&1
    rm -rf "$user"
    clean_up
}
trap leave EXIT
cp "$TARE_BIN"/tare* "$TARE_BIN"/guests-libvirt.so "$user"/ && chmod 755 "$user"
mkdir -p "$user"/{run,home/.cache/tare,tmp} && chmod 700 "$user/run"
cp -a "${XDG_CACHE_HOME:-$HOME/.cache}/tare/guests" "$user/home/.cache/tare/" || fail "no image"
mknod "$user/open" c 10 200 && chmod 666 "$user/open" || skip "no device can be made"
mknod "$user/closed" c 10 200 && chmod 600 "$user/closed"
cat >"$user/scenario.yaml" <<'END'
tare: 1
name: user
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: 2
steps:
  - {name: send, run: net_stream, direction: send, to: peer, length: 1s, on: [guest]}
END
chown -R 65534:65534 "$user"/{run,home,tmp}
cat >"$user/go" <<'END'
mount --bind "$1/$2" /dev/net/tun || exit 99
cd "$1" || exit 99
shift 2
exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u TMPDIR HOME="$PWD/home" XDG_RUNTIME_DIR="$PWD/run" \
    TMPDIR="$PWD/tmp" PATH=/usr/bin:/bin "$@"
END
# `as_user open|closed COMMAND...`
as_user() { unshare -m bash "$user/go" "$user" "$@"; }
run_as_user()
{
    code=0
    as_user "$1" timeout 120 "$user/tare" run --lab scenario.yaml >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" != 99 ] || skip "no mounts of one's own"
    grep -q "user namespace" "$scratch/err" && skip "$(<"$scratch/err")"
}

run_as_user closed
[ "$code" = 2 ] || fail "exit code $code: $(<"$scratch/err")"
says err "a guest's network port needs /dev/net/tun: as root \`chmod 666 /dev/net/tun\`, or run tare as root; scenarios/wire.yaml needs no guest: Permission denied"
[ "$(wc -l <"$scratch/err")" = 1 ] || fail "more than one line: $(<"$scratch/err")"

run_as_user open
[ "$code" = 0 ] || { cat "$scratch/out" "$scratch/err"; fail "exit code $code"; }
archive=$user/home/.local/share/tare/archive.db
want '[.trials[].streams[].figures.throughput.value] | length == 2 and all(. > 1e6)'
# What libvirt keeps in a user's runtime directory is its own.
left=$(find "$user/run" "$user/tmp" -mindepth 1 -not -path "$user/run/tare" -not -path "$user/run/libvirt*")
[ -z "$left" ] || fail "left behind: $left"
