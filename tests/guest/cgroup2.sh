# Confinement, envelope and accounting by cgroups of version 2, for real: the unit tests that ask this machine's cgroups
# run in a guest whose kernel has nothing but version 2, in its root group and below one that divides its memory, as
# systemd's do.
. "$(dirname "$0")/lib.sh"
need_guests
command -v mke2fs >/dev/null || skip "no mke2fs"
kept=${XDG_CACHE_HOME:-$HOME/.cache}/tare/guests
kernel=/boot/vmlinuz-$(uname -r)
[ -r "$kernel" ] || kernel=$(find "$kept/boot" /boot -name 'vmlinuz-*' -readable 2>/dev/null | head -1)
image=$(find "$kept" -maxdepth 1 -name '*.cpio' -printf '%T@ %p\n' | sort -n | sed -n '$s/[^ ]* //p') # the last that was made
[ -n "$kernel" ] && [ -n "$image" ] || fail "no kernel or image in $kept, which were made just now"

root=$scratch/root
mkdir -p "$root/tests"
for test in confinement domain_group enclosure; do
    cp "$TARE_BUILD/tests/test_$test" "$root/tests/"
    for library in $(ldd "$root/tests/test_$test" | grep -o '/[^ ]*'); do
        mkdir -p "$root${library%/*}"
        cp -L "$library" "$root$library"
    done
done
cat >"$root/cgroup2" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
$b mount -t ext4 /dev/vda /tmp || $b echo "no disk"
groups=/sys/fs/cgroup
$b mount -t cgroup2 none $groups || $b echo "no version 2"
run()
{
    for test in /tests/test_*; do
        $test
        $b echo "$1 $test: exit code $?"
    done
}
run root
echo +memory >$groups/cgroup.subtree_control
$b mkdir -p $groups/user.slice/agent.service
echo +memory >$groups/user.slice/cgroup.subtree_control
echo $$ >$groups/user.slice/agent.service/cgroup.procs
run below
$b find $groups -name 'tare-*'
$b echo "end of the tests"
$b poweroff -f
END
chmod +x "$root/cgroup2"
{ cat "$image" && (cd "$root" && find . | busybox cpio -o -H newc 2>"$scratch/cpio"); } >"$scratch/initrd" || fail "$(<"$scratch/cpio")"
truncate -s 256M "$scratch/disk"
mke2fs -q -F -t ext4 "$scratch/disk" || fail "no file system"
timeout -k 5 150 qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 512 -nodefaults -display none -no-reboot -nic none \
    -kernel "$kernel" -initrd "$scratch/initrd" -append "console=ttyS0 quiet panic=-1 rdinit=/cgroup2" \
    -drive "file=$scratch/disk,format=raw,if=virtio,cache=unsafe" -serial "file:$scratch/console" || fail "QEMU: exit code $?"
tr -d '\r' <"$scratch/console" >"$scratch/words"
for where in root below; do
    for test in confinement domain_group enclosure; do
        grep -q "^$where /tests/test_$test: exit code 0$" "$scratch/words" || { cat "$scratch/words"; fail "$where: $test"; }
    done
done
# What needs version 2 was not skipped.
[ "$(grep -c "OK \] the_page_cache_is_confined_with_the_memory" "$scratch/words")" = 2 ] || { cat "$scratch/words"; fail "not confined"; }
[ "$(grep -c "OK \] what_a_killed_agent_left_is_removed" "$scratch/words")" = 2 ] || { cat "$scratch/words"; fail "not removed"; }
[ "$(grep -c "OK \] a_real_group_of_version_2" "$scratch/words")" = 2 ] || { cat "$scratch/words"; fail "no group counted"; }
grep "ms, its group" "$scratch/words"
grep -q "^/sys/fs/cgroup.*tare-" "$scratch/words" && { cat "$scratch/words"; fail "groups are left"; }
grep -q "^end of the tests" "$scratch/words" || { cat "$scratch/words"; fail "it did not come to its end"; }
