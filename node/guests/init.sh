#!/bin/busybox sh
# The first program of tare's built-in guest: modules, network, agent. What is special to one guest
# stands in /tare, which comes in an archive of its own behind this one:
#   /tare/guest    ADDRESS=10.0.0.7/24 or dhcp, GATEWAY= and DISK=vda or none, as lines that this shell reads;
#                  ROOT= and TREE=, the names of what vdb and vdc hold in the agent's cache, or nothing
#   /tare/invite   the key under which the agent joins
b=/bin/busybox

# udhcpc calls back with what it was given, in these variables.
# shellcheck disable=SC2154
case ${1:-} in
bound | renew)
    $b ip addr flush dev "$interface"
    $b ip addr add "$ip/${mask:-24}" dev "$interface"
    [ -z "${router:-}" ] || $b ip route replace default via "${router%% *}"
    exit 0
    ;;
deconfig | leasefail | nak) exit 0 ;;
esac

# Its words are the last that a console shows of a guest which did not come up.
end()
{
    $b echo "tare: $*"
    $b poweroff -f
    exit 1
}

$b mount -t proc proc /proc && $b mount -t sysfs sys /sys && $b mount -t devtmpfs dev /dev ||
    end "cannot mount /proc, /sys and /dev"
while read -r module; do
    $b insmod "/modules/$module" || end "cannot load $module"
done </modules/order
. /tare/guest
$b mkdir -p /var/tmp
if [ -n "$DISK" ]; then
    $b mount -t ext4 "/dev/$DISK" /var/tmp || end "cannot mount its disk $DISK"
fi
export XDG_CACHE_HOME=/cache
if [ -n "$ROOT" ]; then
    $b mkdir -p "/cache/tare/roots/$ROOT/tree"
    $b mount -t ext4 -o ro /dev/vdb "/cache/tare/roots/$ROOT/tree" || end "cannot mount the system to build in"
fi
if [ -n "$TREE" ]; then
    $b mkdir -p "/cache/tare/trees/$TREE"
    $b mount -t ext4 -o ro /dev/vdc "/cache/tare/trees/$TREE" || end "cannot mount the tree to build"
fi
$b ip link set lo up
for try in 0 1 2 3 4 5 6 7 8 9; do
    [ -d /sys/class/net/eth0 ] && break
    $b sleep 0.1
done
dad=/proc/sys/net/ipv6/conf/eth0/accept_dad
[ ! -e $dad ] || $b echo 0 >$dad # its address is its own, and wanted now
$b ip link set eth0 up || end "there is no network card eth0"
if [ "$ADDRESS" = dhcp ]; then
    $b udhcpc -i eth0 -s /init -n -q -t 10 -T 1 || end "no answer from a DHCP server: give the guest an address"
else
    $b ip addr add "$ADDRESS" dev eth0 || end "cannot take the address $ADDRESS"
    [ -z "$GATEWAY" ] || $b ip route add default via "$GATEWAY"
fi
$b echo "tare: guest is up"
HOME=/tmp /bin/tare-node --allow builds --invite /tare/invite
end "the agent has ended"
