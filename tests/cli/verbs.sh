# The verbs that need no node, as a user calls them.
set -u
tare=$TARE_BIN/tare
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
export XDG_DATA_HOME=$scratch XDG_CONFIG_HOME=$scratch XDG_RUNTIME_DIR=$scratch
quickstart=$TARE_SOURCE/scenarios/quickstart.yaml
wire=$TARE_SOURCE/scenarios/wire.yaml
fail() { cat "$scratch/out" "$scratch/err"; echo "failed: $*"; exit 1; }

# `says CODE WORDS ARG...`: its exit code, and the words on stdout (0) or stderr.
says()
{
    local code=$1 words=$2 got=0
    shift 2
    "$tare" "$@" >"$scratch/out" 2>"$scratch/err" || got=$?
    [ "$got" -eq "$code" ] || fail "exit code $got, not $code: tare $*"
    grep -qF -- "$words" "$scratch/$([ "$code" -eq 0 ] && echo out || echo err)" || fail "no '$words': tare $*"
}

says 0 'wire: 3 rounds of 3 steps, 9 trials, about' run --dry-run "$wire"
says 0 '      9      3' run --dry-run "$wire"
says 0 'set repeats=1' run --dry-run --set repeats=1 --set steps.send.length=2s "$wire"
says 0 'ok: 2 nodes, 3 steps, 5 rounds, 15 trials' check --set repeats=5 "$wire"
says 2 "--set steps.send.lenght=2s: error: unknown key 'lenght': did you mean 'length'?" check --set steps.send.lenght=2s "$wire"
says 0 'ok: 3 nodes, 10 steps, 3 rounds, 57 trials' check "$quickstart"
says 0 '3 rounds of 9 steps, 51 trials' run --dry-run --set steps.compile.source=/etc "$quickstart"
says 0 '3 rounds of 10 steps, 57 trials' run --dry-run --lab --set steps.compile.source=/etc "$quickstart"
says 0 '3 rounds of 9 steps, 51 trials' run --dry-run --lab --set steps.compile.source=/nowhere "$quickstart"
grep -qF 'left out: compile: source /nowhere: No such file' "$scratch/err" || fail "not said: left out"
says 2 'wire: unshaped' run --dry-run --set steps.send.wire=unshaped --set steps.receive.wire=unshaped \
    --set steps.both.wire=unshaped "$wire"
says 2 '2 mistakes in' run --dry-run --set repeats=0 --set steps.sned.length=1s "$wire"
says 2 'SCENARIO is missing' run
left=$(find "$scratch" -mindepth 1 ! -name out ! -name err)
[ -z "$left" ] || fail "a dry run leaves $left"
says 0 'a virtual machine that the host' scenario built_in
says 2 'is none of scenario|nodes|' scenario nonsense
says 0 'net_stream' workloads
says 0 "first operation: the sender's first send(2)" workloads net_stream
says 0 'send|receive|both' workloads net_stream
says 2 "did you mean 'net_stream'?" workloads net-stream
says 2 "did you mean 'check'?" chekc
says 0 'usage: tare COMMAND' --help
for verb in $("$tare" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    says 0 "usage: tare $verb" "$verb" --help
done

# Output that cannot be written is told in one line, and is a failure; a reader who has seen enough is none.
for words in --version --help 'run --help' workloads "check $quickstart" "run --dry-run --lab $quickstart" 'man run' \
    'completion bash' 'lab status' 'doctor'; do
    got=0
    # shellcheck disable=SC2086 # words
    "$tare" $words >/dev/full 2>"$scratch/err" || got=$?
    [ "$got" = 1 ] || { [ "$words" = doctor ] && [ "$got" = 2 ]; } || fail "exit code $got: tare $words >/dev/full"
    # What is longer than a buffer is lost before its end, when the reason is no longer known.
    [[ $(cat "$scratch/err") =~ ^"tare: error: cannot write the output"(": No space left on device")?$ ]] ||
        fail "tare $words >/dev/full"
done
for words in 'man run' 'completion bash' doctor; do
    # shellcheck disable=SC2086
    "$tare" $words 2>"$scratch/err" | head -n 1 >"$scratch/out"
    [ -s "$scratch/out" ] && [ ! -s "$scratch/err" ] || fail "tare $words | head -n 1"
done
