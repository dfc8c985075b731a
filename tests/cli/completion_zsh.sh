# The script for zsh is one that zsh accepts, and compinit finds.
set -u
tare=$TARE_BIN/tare
fail() { echo "failed: $*"; exit 1; }
command -v zsh >/dev/null || { echo "skip: zsh is not installed"; exit 77; }
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"$tare" completion zsh >"$scratch/_tare" || fail "no script"
zsh -n "$scratch/_tare" || fail "zsh does not parse it"
words=$(zsh -f -c "fpath=($scratch \$fpath); autoload -Uz compinit; compinit -D; print -r -- \$_comps[tare]") ||
    fail "compinit fails"
[[ $words == _tare ]] || fail "compinit does not find it: $words"
