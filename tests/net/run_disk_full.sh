# The disk under the archive fills up in mid-run: one clear line, exit 5, finished trials are kept. And
# the disk that the output goes to.
. "$(dirname "$0")/lib.sh"
need_lab
[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
mkdir "$scratch/disk"
mount -t tmpfs -o size=320k tmpfs "$scratch/disk" 2>"$scratch/why" || skip "no tmpfs can be mounted: $(cat "$scratch/why")"
trap 'umount "$scratch/disk"; clean_up' EXIT
archive=$scratch/disk/archive.db
scenario 1s send send-2 send-3 send-4 send-5 send-6 send-7 send-8
run 5 --lab "$scratch/scenario.yaml"
grep -qi "disk full" "$scratch/err" || { cat "$scratch/err"; fail "no word of the full disk"; }
want '(.trials | length) >= 1 and .trials[0].partial == false'
nothing_left

# Nobody can read the table: told in one line, exit 1, and the run is kept.
archive=$scratch/archive.db
scenario 300ms
code=0
"$tare" run --lab --archive "$archive" "$scratch/scenario.yaml" >/dev/full 2>"$scratch/err" || code=$?
[ "$code" = 1 ] || { cat "$scratch/err"; fail "exit code $code, not 1, where the output cannot be written"; }
[ "$(grep -c 'cannot write the output: No space left on device' "$scratch/err")" = 1 ] || fail "$(cat "$scratch/err")"
want '.status == "complete"'
