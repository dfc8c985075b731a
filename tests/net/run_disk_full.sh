# The disk under the archive fills up in mid-run: one clear line, exit 5, finished trials are kept.
. "$(dirname "$0")/lib.sh"
need_lab
[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
mkdir "$scratch/disk"
mount -t tmpfs -o size=400k tmpfs "$scratch/disk" 2>"$scratch/why" || skip "no tmpfs can be mounted: $(cat "$scratch/why")"
trap 'umount "$scratch/disk"; clean_up' EXIT
archive=$scratch/disk/archive.db
scenario 5s send send-2 send-3 send-4 send-5 send-6 send-7 send-8
run 5 --lab "$scratch/scenario.yaml"
grep -qi "disk full" "$scratch/err" || { cat "$scratch/err"; fail "no word of the full disk"; }
want '(.trials | length) >= 1 and .trials[0].partial == false'
nothing_left
