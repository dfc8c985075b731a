# A real libvirtd, as a host has one: virtual machines that somebody else made. One that is off is started and put back,
# one that runs goes on, also where the daemon is killed and comes back in mid-trial. Guests that need no provider: an
# agent that simply joins, and a netserver without one.
. "$(dirname "$0")/lib.sh"
need_guests
command -v libvirtd >/dev/null || skip "no libvirtd (package libvirt-daemon)"
command -v virsh >/dev/null || skip "no virsh (package libvirt-clients)"
[ "$(id -u)" = 0 ] || skip "the system's daemon is root's"

# ---- the host, whose agent looks where virtual machines usually are; the daemon's files are the test's own ----

"$tare" lab up real --host-arg=--libvirt --host-arg= || fail "up"
on_host() { "$tare" lab exec --lab real host -- "$@"; }
virsh() { on_host timeout 60 virsh -q -c qemu:///system "$@"; }
for try in {1..20}; do # it waits for the agents no longer than 6 s
    "$tare" guests --lab=real >"$scratch/list" 2>&1
    grep -q "^host: libvirt" "$scratch/list" && break
done
says list "host: libvirt (qemu:///system): Failed to connect socket"
says list "no libvirt daemon runs here: install the package 'libvirt-daemon-system'"
cat >"$scratch/own_files" <<'END'
set -e
mkdir -p "$1"/{etc,run,var/{lib,cache,log,tmp}}
cp -a /etc/. "$1/etc/"
ln -s /run "$1/var/run"
mkdir -p "$1/etc/libvirt"
printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' 'remember_owner = 0' 'security_driver = "none"' \
    'namespaces = []' 'cgroup_controllers = []' 'stdio_handler = "file"' >"$1/etc/libvirt/qemu.conf"
printf '%s\n' 'auth_unix_rw = "none"' 'unix_sock_group = "root"' 'unix_sock_rw_perms = "0770"' 'unix_sock_ro_perms = "0770"' \
    >"$1/etc/libvirt/libvirtd.conf"
for part in etc var run; do mount --bind "$1/$part" "/$part"; done
END
on_host bash "$scratch/own_files" "$scratch/system" || skip "no mounts of the lab's own"
start_daemon()
{
    local try
    on_host bash -c "libvirtd </dev/null >>'$scratch/libvirtd.log' 2>&1 & echo \$!" >"$scratch/daemon"
    for try in {1..600}; do
        virsh list >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "libvirtd does not answer: $(tail -n 3 "$scratch/libvirtd.log")"
}
start_daemon

# ---- a user who has no right to it is told the group ----

mkdir "$scratch/other" && "$tare" invite other --in-lab real --out "$scratch/other/invite" 2>/dev/null || fail "invite"
chmod 711 "$scratch" && chown -R 65534:65534 "$scratch/other"
on_host setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$scratch/other" \
    "$TARE_BIN/tare-node" --invite "$scratch/other/invite" >"$scratch/other.log" 2>&1 &
other_pid=$!
for try in {1..20}; do
    "$tare" guests --lab=real >"$scratch/list" 2>&1
    grep -q "^other: " "$scratch/list" && break
done
says list "other: libvirt (qemu:///system): Failed to connect socket"
says list "Permission denied: this user has no right to it: \`sudo usermod -aG libvirt USER\`, then log in anew"
kill "$other_pid"
wait "$other_pid" 2>/dev/null

# ---- a virtual machine of somebody else's: tare's image, with a power button that works and a netserver ----

# In a cache of the test's own, with the kernel of the user's: there is one image in it.
usual=${XDG_CACHE_HOME:-$HOME/.cache}/tare/guests cache=$scratch/cache/tare/guests
mkdir -p "$cache"
for part in boot lib; do [ ! -d "$usual/$part" ] || cp -a "$usual/$part" "$cache/"; done
XDG_CACHE_HOME=$scratch/cache "$TARE_BIN/tare-node" --prepare-guests 2>/dev/null || fail "no image"
image=$(find "$cache" -maxdepth 1 -name '*.cpio')
kernel=$(find /boot "$cache/boot" -name "vmlinuz-$(uname -r)" 2>/dev/null)
kernel=${kernel:-$(find "$cache/boot" /boot -name 'vmlinuz-*' 2>/dev/null | sort -V | tail -n 1)}
modules=${kernel%/boot/*}/lib/modules/${kernel##*/vmlinuz-}
"$tare" invite web --in-lab real --out "$scratch/web.invite" 2>/dev/null || fail "invite"
mkdir -p "$scratch/web/tare" "$scratch/web/bin"
cp "$scratch/web.invite" "$scratch/web/tare/invite"
cp "$TARE_BIN/tare-netserver" "$scratch/web/bin/"
printf "ADDRESS='10.77.0.50/24'\nGATEWAY=''\n" >"$scratch/web/tare/guest"
for module in button evdev; do
    find "$modules" -name "$module.ko*" -exec cp {} "$scratch/web/" \;
done
busybox cat "$image" | (cd "$scratch/web" && busybox cpio -i init 2>/dev/null) || fail "no init in $image"
cat >"$scratch/more" <<'END'
for module in /button.ko* /evdev.ko*; do $b insmod "$module"; done
for event in /dev/input/event*; do ($b head -c 24 "$event" >/dev/null && $b poweroff -f) & done
$b hostname box
HOME=/tmp /bin/tare-netserver --listen 10.77.0.50 --allow 10.77.0.0/24 &
END
sed -i "/guest is up/r $scratch/more" "$scratch/web/init"
{ cat "$image" && (cd "$scratch/web" && find . -mindepth 1 -printf '%P\n' | busybox cpio -o -H newc 2>/dev/null); } >"$scratch/web.initrd"
cat >"$scratch/web.xml" <<END
<domain type='qemu'>
  <name>web1</name><uuid>6d1d5b6e-3d5c-4f0e-9a53-0b8d4c2f7a11</uuid><memory unit='MiB'>256</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>$kernel</kernel><initrd>$scratch/web.initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=-1</cmdline></os>
  <features><acpi/></features><cpu mode='maximum'/>
  <devices>
    <interface type='bridge'><source bridge='br0'/><model type='virtio'/><rom enabled='no'/></interface>
    <serial type='file'><source path='$scratch/web.console'/><target port='0'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
END
virsh define "$scratch/web.xml" >/dev/null || fail "define"
state_is() { [ "$(virsh domstate web1)" = "$1" ] || fail "web1 is '$(virsh domstate web1)', not '$1'"; }
# `steps DECLARATION STEP...`: a scenario with `web` declared so.
steps()
{
    printf 'tare: 1\nname: existing\nstart: {tolerance: 5s}\nnodes:\n  host: {role: host}\n  peer: {role: peer}\n' >"$scratch/scenario.yaml"
    printf '  web: {role: guest, on: host%s}\n  box: {role: guest, on: host, netserver: 10.77.0.50}\nsteps:\n' "$1" >>"$scratch/scenario.yaml"
    shift
    printf '  - {%s}\n' "$@" >>"$scratch/scenario.yaml"
}
begin()
{
    : >"$scratch/err"
    "$tare" run --lab=real --wait 120s --archive "$archive" "$scratch/scenario.yaml" >"$scratch/out" 2>"$scratch/err" &
    run_pid=$!
}
ended()
{
    local try
    code=0
    for try in {1..1000}; do
        kill -0 "$run_pid" 2>/dev/null || break
        sleep 0.1
    done
    ! kill -0 "$run_pid" 2>/dev/null || { cat "$scratch/err" "$scratch/web.console"; fail "the run does not end"; }
    wait "$run_pid" || code=$?
    [ "$code" = "$1" ] || { cat "$scratch/out" "$scratch/err" "$scratch/web.console"; fail "exit code $code, not $1"; }
}

# ---- one that is off is started, measured, listed, and off again ----

steps ', domain: web1' 'name: send, run: net_stream, to: peer, length: 2s, on: [host, web]'
begin
until_says 120 "$scratch/err" "web joined"
"$tare" guests --lab=real >"$scratch/list" 2>&1
grep -Eq '^host +web1 +running +1 +256MiB +QEMU [0-9.]+ +tcg$' "$scratch/list" || fail "tare guests: $(<"$scratch/list")"
ended 0
state_is "shut off"
want '[.trials[].streams[].figures.throughput.value] | length == 2 and all(. > 1e6)'
want '.nodes[] | select(.name == "web") | .fingerprint.domain == "web1" and (.product | startswith("QEMU "))'

# ---- the agent that has started it is killed: the next one puts it back ----

begin
until_says 120 "$scratch/err" "] round 1"
kill -9 "$(agent_of host)" || fail "no agent of the host's"
ended 5
says err "host's agent has ended"
state_is running
on_host "$TARE_BIN/tare-node" --invite "$scratch/tare/lab-real/host.invite" --allow=guests --libvirt '' >"$scratch/host2.log" 2>&1 &
until_says 20 "$scratch/host2.log" "domain 'web1' was off before an agent started it that was killed: it is shut down"
# Somebody starts it anew as soon as it is off, which is at times before anybody has looked: it has been put back.
for try in {1..600}; do
    virsh start web1 >/dev/null 2>"$scratch/start" && break
    sleep 0.01
done
state_is running

# ---- one that runs goes on, also where the daemon dies and comes back in mid-trial ----

steps ', domain: web1' 'name: send, run: net_stream, to: peer, length: 14s, on: [web]'
begin
until_says 120 "$scratch/err" "send"
on_host kill -9 "$(<"$scratch/daemon")"
for try in {1..50}; do
    "$tare" guests --lab=real >"$scratch/list" 2>&1
    grep -q "host: .*libvirt" "$scratch/list" && break
    sleep 0.1
done
grep -q "host: .*libvirt" "$scratch/list" || fail "nobody says that libvirt is lost: $(<"$scratch/list")"
start_daemon
for try in {1..100}; do
    "$tare" guests --lab=real >"$scratch/list" 2>&1
    grep -q "^host *web1 *running" "$scratch/list" && break
    sleep 0.1
done
says list "web1"
ended 0
state_is running

# ---- the daemon hangs for a while in mid-trial: it is survived ----

steps ', domain: web1' 'name: send, run: net_stream, to: peer, length: 10s, on: [web]'
begin
until_says 120 "$scratch/err" "] round 1"
on_host kill -STOP "$(<"$scratch/daemon")"
sleep 4
on_host kill -CONT "$(<"$scratch/daemon")"
ended 0
state_is running
want '.trials[-1].streams[0].figures.throughput.value > 1e6'

# ---- somebody else pauses, undefines or destroys it in mid-trial: the run ends within 2 s of it ----

# Not by the silence of its agent, which is told after 3.5 s, and which one that is undefined does not keep. By the
# stamps of the archive and of virsh's return, about which libvirt tells the event.
meanwhile() # COMMAND WORDS: virsh does so with web1 while it is measured, and the run says that
{
    local happened over late_ms
    steps ', domain: web1' 'name: send, run: net_stream, to: peer, length: 60s, on: [web]'
    begin
    until_says 120 "$scratch/err" "] round 1"
    virsh "$1" web1 >/dev/null || fail "virsh $1"
    happened=$(date +%s%N)
    ended 5
    says err "web: its domain $2"
    over=$(sqlite3 -readonly "$archive" "SELECT ended_real_ns FROM run ORDER BY no DESC LIMIT 1")
    late_ms=$(((over - happened) / 1000000))
    echo "virsh $1: the run was over $late_ms ms later"
    if ((late_ms > 2000)); then
        awk -v n="$(nproc)" '{ exit !($1 > 1.5 * n) }' /proc/loadavg || fail "virsh $1: the run was over $late_ms ms later"
        ((late_ms < 15000)) || fail "virsh $1: the run was over $late_ms ms later, also for a busy machine"
    fi
    want ".trials | length == 1 and .[0].why == \"web: its domain $2\""
}
meanwhile suspend "was paused"
state_is paused # it is not resumed behind anybody's back
virsh resume web1 >/dev/null || fail "resume"
meanwhile undefine "was undefined"
state_is running # it goes on until it ends, and is then gone
virsh define "$scratch/web.xml" >/dev/null || fail "define"
meanwhile destroy "was destroyed"
state_is "shut off"
virsh start web1 >/dev/null || fail "start"

# ---- guests that tare does not start: whoever's agent joins, and a netserver without one ----

steps '' 'name: send, run: net_stream, to: peer, length: 1s, on: [web]' 'name: box, run: net_stream, to: box, length: 1s, on: [host]'
begin
ended 0
want '[.trials[] | .streams[0].figures.throughput.value] | length == 2 and all(. > 1e6)'
state_is running

"$tare" lab down real || fail "down"
nothing_left
