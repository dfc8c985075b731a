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
