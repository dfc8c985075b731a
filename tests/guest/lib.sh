# What the tests with real guests share: those of the network, and whether guests can be had here.
. "${BASH_SOURCE%/*}/../net/lib.sh"

# This machine can have guests, or the test is skipped with what is missing.
need_guests()
{
    local words
    [ -f "$TARE_BIN/guests-libvirt.so" ] || fail "no guests-libvirt.so beside tare-node"
    command -v qemu-system-x86_64 >/dev/null || skip "no qemu-system-x86_64"
    [ -f "$(dirname "$(ldconfig -p | awk '/libvirt.so.0/ { print $NF; exit }')")/libvirt/connection-driver/libvirt_driver_qemu.so" ] ||
        skip "no libvirt-daemon-driver-qemu"
    [ -r /dev/net/tun ] || skip "no right to /dev/net/tun"
    words=$("$TARE_BIN/tare-node" --prepare-guests 2>&1) || skip "$words"
    need_lab
}

# Pids of the QEMUs that are guests of this test's labs: their command line names its directory.
qemus()
{
    local file
    for file in /proc/[0-9]*/cmdline; do
        [[ $(tr '\0' ' ' 2>/dev/null <"$file") == *" guest=tare-"*"$scratch/"* ]] && basename "${file%/cmdline}"
    done
    return 0
}

# Within 10 s no process, no lab and no file of a guest is left.
nothing_of_guests_left()
{
    local try
    for try in {1..100}; do
        [ -z "$(qemus)" ] && break
        sleep 0.1
    done
    [ -z "$(qemus)" ] || fail "left behind: QEMU $(qemus)"
    nothing_left
    [ -z "$(find "$scratch/tmp" -mindepth 1)" ] || fail "left behind: $(find "$scratch/tmp" -mindepth 1)"
}
mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp # of the guests' files

# The groups that confine somebody's memory now.
groups_left() { find /sys/fs/cgroup -maxdepth 6 -type d -name "tare-$(id -u)-*" 2>/dev/null; }
no_groups_of_others() { [ -z "$(groups_left)" ] || skip "a group of another run: $(groups_left)"; }

# Until it is killed: what CPU time the threads of whoever is confined have had, as "TRIAL TID CPUS NS"; TRIAL is how
# many are over. A program that is bound counts what it has started, too.
watch_work()
{
    local all beside="" group pid
    all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
    while sleep 0.05; do
        # To look for them takes a while, and they are all beside the first.
        [ -n "$beside" ] || beside=$(dirname "$(groups_left | head -1)")
        [ "$beside" != . ] || { beside="" && continue; }
        for group in "$beside"/tare-"$(id -u)"-*; do
            for pid in $(cat "$group/cgroup.procs"); do
                grep -H Cpus_allowed_list: /proc/"$pid"/task/*/status
                grep -H "" /proc/"$pid"/task/*/schedstat /proc/"$pid"/task/*/stat
            done
        done | awk -v trial="$(grep -c '; start ' "$scratch/err")" -v all="$all" '
            { split($0, part, "/"); tid = part[5] }
            /\/status:/ { list[tid] = $2 }
            /\/schedstat:/ { sub(/.*schedstat:/, ""); ran[tid] = $1 }
            /\/stat:/ { sub(/.*\) /, ""); children[tid] = ($14 + $15) * 1e7 }
            END {
                for (tid in list)
                    printf "%d %d %s %.0f\n", trial, tid, list[tid], ran[tid] + (list[tid] == all ? 0 : children[tid])
            }'
    done 2>/dev/null
}

# `trial_of STEP`: "TRIAL CPUS", its host's part of it that was measured whole, and to what that was confined.
trial_of()
{
    "$tare" show --archive "$archive" --format json | jq -r --arg step "$1" '.trials | to_entries[] |
        select(.value.step == $step and .value.streams[0].node == "host" and (.value.partial | not)) |
        "\(.key) \(.value.confined.cpus)"'
}

# `worked_on CPUS TRIAL FILE`: in that trial, from 0, of which FILE has what watch_work saw, the threads that were bound
# to just these CPUs worked, and the others less.
worked_on()
{
    awk -v cpus="$1" -v trial="$2" '
        $1 != trial { next }
        !($2 in first) { first[$2] = $4 }
        { last[$2] = $4; list[$2] = $3; samples++ }
        END {
            for (tid in last)
                if (list[tid] == cpus) bound += last[tid]; else others += last[tid] - first[tid]
            printf "%d samples: bound %.0f ms, others %.0f ms", samples, bound / 1e6, others / 1e6
            exit !(bound > 0 && bound >= others)
        }' "$3"
}

# ---- an ordinary user ----

# His directory is $user, with our programs and root's images. What he runs has the pairs of $binds, PLACE and over
# what, mounted for itself alone: at first a device for ports that is open to him.
ordinary_user()
{
    [ "$(id -u)" = 0 ] || skip "the device is root's to open and close"
    user=$(mktemp -d /tmp/tare-u-XXXX) # short: sockets are below it
    binds=("$user/open" /dev/net/tun)
    trap leave_user EXIT
    cp "$TARE_BIN"/tare* "$TARE_BIN"/guests-libvirt.so "$user"/ && chmod 755 "$user"
    mkdir -p "$user"/{run,home/.cache/tare,tmp} && chmod 700 "$user/run"
    cp -a "${XDG_CACHE_HOME:-$HOME/.cache}/tare/guests" "$user/home/.cache/tare/" || fail "no image"
    mknod "$user/open" c 10 200 && chmod 666 "$user/open" || skip "no device can be made"
    chown -R 65534:65534 "$user"/{run,home,tmp}
}
leave_user()
{
    as_user "$user/tare" lab down --all >/dev/null 2>&1
    rm -rf "$user"
    clean_up
}

# `as_user COMMAND...`: in his directory; 99: nothing can be mounted here.
as_user()
{
    # shellcheck disable=SC2016 # the arguments are the inner shell's
    unshare -m bash -c 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 99; shift 2; done
        cd "$0" && shift || exit 99
        exec setpriv --reuid 65534 --regid 65534 --clear-groups env -u TMPDIR HOME="$PWD/home" \
            XDG_RUNTIME_DIR="$PWD/run" TMPDIR="$PWD/tmp" PATH=/usr/bin:/bin "$@"' "$user" "${binds[@]}" -- "$@"
}

# `users_guest_scenario LENGTH REPEATS`: $user/scenario.yaml, a guest of his that sends.
users_guest_scenario()
{
    cat >"$user/scenario.yaml" <<END
tare: 1
name: user
nodes:
  host: {role: host}
  guest: {role: guest, on: host, built_in: {memory: 192MiB}}
  peer: {role: peer}
start: {tolerance: 5s}
repeats: $2
steps:
  - {name: send, run: net_stream, direction: send, to: peer, length: $1, on: [guest]}
END
}

# What libvirt keeps in a user's runtime directory is its own.
nothing_of_the_user_left()
{
    local left
    left=$(find "$user/run" "$user/tmp" -mindepth 1 -not -path "$user/run/tare" -not -path "$user/run/libvirt*")
    [ -z "$left" ] || fail "left behind: $left"
}
