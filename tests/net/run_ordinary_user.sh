# The whole run without root: the lab in a user namespace, no FIFO, and the result says how it started.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "runs as an ordinary user already: run_whole.sh is this test"
need_lab
user=$(mktemp -d /tmp/tare-user-XXXXXX)
cp "$TARE_BIN"/tare* "$user"/ && chmod 755 "$user"
mkdir -m 700 "$user/run"
scenario 1s both
cp "$scratch/scenario.yaml" "$user/"
chown -R 65534:65534 "$user"
trap 'rm -rf "$user"; clean_up' EXIT
code=0
(cd "$user" && setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$user" XDG_RUNTIME_DIR="$user/run" XDG_DATA_HOME="$user/data" \
    timeout 60 "$user/tare" run --lab scenario.yaml) >"$scratch/out" 2>"$scratch/err" || code=$?
if [ "$code" != 0 ]; then
    grep -q "user namespace" "$scratch/err" && skip "$(cat "$scratch/err")"
    cat "$scratch/out" "$scratch/err"
    fail "exit code $code"
fi
archive=$user/data/tare/archive.db
want '.trials[0].start.verdict == "together"'
want '[.trials[0].streams[] | .gate] | all(. != "fifo")'
[ -z "$(ls -A "$user/run/tare" 2>/dev/null)" ] || fail "left behind: $(ls -A "$user/run/tare")"
