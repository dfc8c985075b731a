# Every page is good troff, holds what --help tells, and man shows it.
set -u
tare=$TARE_BIN/tare
fail() { echo "failed: $*"; exit 1; }
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"$tare" man --all "$scratch" || fail "tare man --all"
for program in tare-node tare-netserver; do
    "$TARE_BIN/$program" --man >"$scratch/$program.1" || fail "$program --man"
done
command -v groff >/dev/null || { echo "skip: groff is not installed"; exit 77; }
for page in "$scratch"/*.1; do
    words=$(groff -man -ww -z -Tutf8 "$page" 2>&1)
    [[ -z $words ]] || fail "groff on ${page##*/}: $words"
done
[[ -f $scratch/tare.1 && -f $scratch/tare-run.1 && -f $scratch/tare-lab.1 ]] || fail "pages: $(ls "$scratch")"
cmp -s <("$tare" man run) "$scratch/tare-run.1" || fail "tare man run is not tare-run.1"
[[ $("$tare" man nonsense 2>&1) == *"no command 'nonsense'"* ]] || fail "tare man nonsense"
if command -v man >/dev/null; then
    text=$(MANWIDTH=300 MANPAGER=cat man -l "$scratch/tare-run.1" 2>/dev/null | sed 's/.\x08//g') || fail "man -l"
    for option in $("$tare" run --help | grep -o -- '^  --[a-z-]*'); do
        [[ $text == *"$option"* ]] || fail "tare-run(1) does not tell $option"
    done
fi
