#!/usr/bin/env bash
# The Debian packages: what is in them, what they need, that what is in them runs, and that the units
# give the agents no more than they need. Made from the release build where there is one, else from one
# of its own without debug info.
source "$(dirname "$0")/lib.sh"

for tool in cpack dpkg-deb dpkg-shlibdeps objdump; do
    command -v $tool >/dev/null || skip "no $tool here"
done

# ---- make ----

make_packages()
{
    local build=$TARE_SOURCE/build/release
    # Only a build that nothing has changed since will do (`ninja -n` always finds its globs to look at).
    if [ ! -f "$build/CPackConfig.cmake" ] || [ ! -f "$build/.ninja_log" ] ||
        [ -n "$(cd "$TARE_SOURCE" && find CMakeLists.txt cmake packaging common coordinator node netserver-peer \
            -type f -newer "$build/.ninja_log" -print -quit)" ]; then
        build=$scratch/build
        cmake -S "$TARE_SOURCE" -B "$build" -G Ninja -DTARE_TESTS=OFF -DCMAKE_BUILD_TYPE=Release &&
            cmake --build "$build" -- -j2 tare tare-node tare-gate guests-libvirt tare-netserver docs || return 1
    fi
    umask 077 # shall not show in what is installed
    cpack --config "$build/CPackConfig.cmake" -B "$scratch/packages"
}
make_packages >"$scratch/log" 2>&1 || { tail -n 40 "$scratch/log"; fail "the packages cannot be made"; }
umask 022

deb() { echo "$scratch/packages/$1"_*.deb; }
field() { dpkg-deb -f "$(deb "$1")" "$2"; }

# ---- contents ----

declare -A program_of=([tare]=tare [tare-node]=tare-node [tare-netserver]=tare-netserver)
root=$scratch/root
mkdir -p "$root"
for package in tare tare-node tare-netserver; do
    [ -f "$(deb $package)" ] || fail "no package $package"
    [ "$(field $package Package)" = $package ] || fail "$package is named $(field $package Package)"
    [[ $(field $package Depends) == *libczmq* ]] || fail "$package needs no libczmq: $(field $package Depends)"
    [ -z "$(dpkg-deb --ctrl-tarfile "$(deb $package)" | tar -tf - | grep conffiles)" ] || fail "$package has conffiles"
    dpkg-deb -c "$(deb $package)" >"$scratch/list-$package"
    awk '$2 != "root/root" || $1 ~ /[sStT]/ || ($1 !~ /^l/ && substr($1, 6, 1) == "w") || substr($1, 9, 1) == "w" ||
         substr($1, 8, 1) != "r" { print; bad = 1 } END { exit bad }' "$scratch/list-$package" || fail "owners or modes in $package"
    grep -q " ./usr/bin/${program_of[$package]}\$" "$scratch/list-$package" || fail "no program in $package"
    [ "$(grep -c ' ./usr/bin/.' "$scratch/list-$package")" = 1 ] || fail "$package holds another's program"
    grep -q " ./usr/share/man/man1/$package\.1" "$scratch/list-$package" || fail "no manual page in $package"
    grep -vE ' \./(usr/(bin|lib|share)/.*|usr/|usr/(bin|lib|share)/|)$' "$scratch/list-$package" && fail "$package: files elsewhere"
    dpkg-deb -x "$(deb $package)" "$root" || fail "cannot unpack $package"
done

# ---- libvirt is a package of its own: no agent without guests links or carries it ----

guests="tare-node-libvirt"
dpkg-deb -c "$(deb $guests)" >"$scratch/list-$guests"
grep -q ' ./usr/lib/tare/guests-libvirt.so$' "$scratch/list-$guests" || fail "no module in $guests"
[[ $(field $guests Depends) == *"tare-node (="*libvirt0* ]] || fail "$guests depends on $(field $guests Depends)"
dpkg-deb -x "$(deb $guests)" "$root" || fail "cannot unpack $guests"
objdump -p "$root/usr/lib/tare/guests-libvirt.so" | grep -q 'NEEDED.*libvirt.so' || fail "the module does not link libvirt"
for program in tare tare-node tare-netserver; do
    objdump -p "$root/usr/bin/$program" | grep -q 'NEEDED.*libvirt' && fail "$program links libvirt"
done

# ---- what holds programs goes with the agent that starts them, and needs libc alone ----

grep -q ' ./usr/lib/tare/tare-gate.so$' "$scratch/list-tare-node" || fail "no tare-gate.so in tare-node"
needed=$(objdump -p "$root/usr/lib/tare/tare-gate.so" | awk '$1 == "NEEDED" { print $2 }')
[ "$needed" = libc.so.6 ] || fail "tare-gate.so needs $needed"

# ---- the manual pages of its commands, and what shells complete, go with the coordinator ----

for file in man/man1/tare-{run,doctor,lab}.1 bash-completion/completions/tare zsh/vendor-completions/_tare \
    tare/scenarios/quickstart.yaml doc/tare/README.md; do
    [ -f "$root/usr/share/$file" ] || fail "no /usr/share/$file"
    [ "$(grep -l " ./usr/share/$file\$" "$scratch"/list-*)" = "$scratch/list-tare" ] || fail "$file is not tare's alone"
done

# ---- an agent is small ----

for agent in tare-node tare-netserver; do
    objdump -p "$root/usr/bin/$agent" | grep -E 'NEEDED.*(sqlite|yaml|jansson)' && fail "$agent links what it does not need"
    [[ $(field $agent Depends) == *@(sqlite|yaml|jansson)* ]] && fail "$agent depends on $(field $agent Depends)"
    grep -qa -- test-die-at "$root/usr/bin/$agent" && fail "$agent takes flags of the tests"
done

# ---- dpkg takes them, and gives them back ----

if [ "$(id -u)" = 0 ]; then
    place=$scratch/dpkg
    mkdir -p "$place"/var/lib/dpkg/{info,updates}
    touch "$place/var/lib/dpkg/status"
    # The scripts run without a chroot, so nothing but /run/systemd/system keeps them from this system.
    [ -d /run/systemd/system ] || for step in "-i $(deb tare) $(deb tare-node) $(deb tare-netserver)" \
        "-P tare tare-node tare-netserver"; do
        # shellcheck disable=SC2086
        dpkg --root="$place" --force-script-chrootless --force-depends --log="$scratch/dpkg.log" $step \
            >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "dpkg $step"; }
    done
    [ ! -e "$place/usr/bin" ] || fail "left behind: $(find "$place/usr")"
fi

# ---- what is in them runs ----

for program in tare tare-node tare-netserver; do
    "$root/usr/bin/$program" --version | grep -q "^$program [0-9]" || fail "$program --version"
done
"$root/usr/bin/tare" doctor --format json >"$scratch/doctor" || [ $? = 2 ] || fail "tare doctor"
jq -e '.findings | length > 10' "$scratch/doctor" >/dev/null || fail "tare doctor finds nothing to look at"
"$root/usr/bin/tare-node" --doctor | grep -q 'clocksource' || fail "tare-node --doctor"
# As the units start them: another user, that one capability, the start's scheduling class.
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all,+sys_nice \
    --inh-caps=-all,+sys_nice --ambient-caps=-all,+sys_nice true 2>/dev/null; then
    chmod 755 "$scratch"
    setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all,+sys_nice --inh-caps=-all,+sys_nice \
        --ambient-caps=-all,+sys_nice --no-new-privs "$root/usr/bin/tare-node" --doctor >"$scratch/doctor"
    # Where root may not have it either, nothing is shown.
    if chrt -f 50 true 2>/dev/null && ! grep -q '^ok *fifo ' "$scratch/doctor"; then
        cat "$scratch/doctor"
        fail "CAP_SYS_NICE is not enough"
    fi
fi

# ---- units ----

for agent in tare-node tare-netserver; do
    unit=$root/usr/lib/systemd/system/$agent.service
    for line in DynamicUser=yes AmbientCapabilities=CAP_SYS_NICE CapabilityBoundingSet=CAP_SYS_NICE NoNewPrivileges=yes \
        ProtectSystem=strict Restart=always LimitRTPRIO=50 "LoadCredential=invite:/etc/tare/${agent#tare-}.invite"; do
        grep -qxF "$line" "$unit" || fail "$agent.service: no $line"
    done
    grep -E '^(User=root|RestrictRealtime=yes)' "$unit" && fail "$agent.service"
    dpkg-deb --ctrl-tarfile "$(deb $agent)" | tar -xOf - ./postinst ./prerm ./postrm >"$scratch/scripts"
    grep -q "$agent.service" "$scratch/scripts" || fail "$agent: its scripts do not know its unit"
    grep -q '@' "$scratch/scripts" && fail "$agent: a script is not filled in"
done
if command -v systemd-analyze >/dev/null; then
    # With --root the units that ours name must be there too.
    mkdir -p "$root/usr/lib/systemd/system" "$root/etc"
    cp -n /lib/systemd/system/{network-online,network,multi-user,basic,sysinit,shutdown,system}*.target \
        "$root/usr/lib/systemd/system/" 2>/dev/null
    for agent in tare-node tare-netserver; do
        systemd-analyze verify --root="$root" --man=no "$agent.service" >"$scratch/log" 2>&1
        grep -F "$agent" "$scratch/log" && fail "systemd-analyze verify: $agent.service"
    done
else
    echo "not looked at: no systemd-analyze here"
fi
exit 0
