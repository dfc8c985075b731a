# What bash completes, asked as bash would ask: COMP_WORDS and COMP_CWORD set, the function called.
set -u
tare=$TARE_BIN/tare
fail() { echo "failed: $*"; exit 1; }

scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"$tare" completion bash >"$scratch/script" || fail "no script"
# shellcheck source=/dev/null
source "$scratch/script" || fail "the script does not load"
[[ $(complete -p tare) == "complete -F _tare tare" ]] || fail "not registered: $(complete -p tare)"
mkdir "$scratch/here" && cd "$scratch/here" && touch 'lab one.yaml' lab.yaml && mkdir labs || fail "scratch"

# `completes "WORDS" "LINE..."`: the last word of the line is being typed. Words sorted, with '|' between.
completes()
{
    local wanted=$1 got
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _tare
    got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd '|')
    [[ $got == "$wanted" ]] || fail "'$*' completes to '$got', not to '$wanted'"
}

completes 'check|compare|completion' tare c
completes 'down' tare lab 'do'
completes '--help|--version' tare --
completes '--dry-run' tare run --d
completes '--host-arg' tare run --lab lab.yaml --ho
completes '--host-arg' tare lab up --ho
completes 'lab one.yaml|lab.yaml|labs' tare check la
completes 'lab one.yaml|lab.yaml|labs' tare run --lab la
completes 'always|auto' tare show --color a
completes 'always|auto' tare show --color = a
completes 'always|auto|never' tare list --color =
completes 'table' tare list --format t
completes 'lab.yaml' tare list --archive = lab.
completes '' tare run --wait 1
completes '--help|bash|zsh' tare completion ''
completes 'host' tare lab exec h
completes 'watch|workloads' tare man w
completes 'net_stream' tare workloads net_s
completes '' tare nonsense x
for verb in $("$tare" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    completes "$verb" tare "$verb"
    for option in $("$tare" "$verb" --help | grep -o -- '^  --[a-z-]*'); do
        [[ $verb == lab ]] || completes "$option" tare "$verb" "$option" || fail "$verb $option"
    done
done
