# What zsh completes, asked as a user asks: words are typed on a terminal, TAB is pressed, and the list
# is read that it shows or the line that it makes.
set -u
tare=$TARE_BIN/tare
fail() { echo "failed: $*"; exit 1; }
command -v zsh >/dev/null || { echo "skip: zsh is not installed"; exit 77; }
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
trap 'rm -rf "$scratch"' EXIT
"$tare" completion zsh >"$scratch/_tare" || fail "no script"
zsh -n "$scratch/_tare" || fail "zsh does not parse it"
mkdir "$scratch/here" "$scratch/here/labs" && touch "$scratch/here/lab.yaml" "$scratch/here/lab one.yaml" || fail "scratch"

# The terminal, in zsh's own words: `completes LINE` prints what the line has become and what is listed.
cat >"$scratch/terminal" <<'ZSH'
zmodload zsh/zpty
zpty terminal zsh -f -i
type() { zpty -w -n terminal $1; }
until_reads() { # all that comes until PATTERN, within 10 s
    local text= part
    integer try
    for ((try = 0; try < 200; try++)); do
        while zpty -r -t terminal part; do text+=$part; done
        [[ $text == ${~1} ]] && break
        sleep 0.05
    done
    print -r -- "$text"
    [[ $text == ${~1} ]]
}
type "PS1='> '; stty -echo cols 200; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; cd $1/here
"
# One key that completes, shows the list, and prints the line: nothing is left to time.
type "zstyle ':completion:*' list-packed no; LISTMAX=1000; setopt no_beep no_list_ambiguous; show() { zle complete-word; zle -R; print -r -- \"=\$BUFFER=\"; BUFFER= }; zle -N show; bindkey '^T' show; echo re''ady
"
until_reads '*ready*' >/dev/null || { print -r -- "no terminal"; exit 1; }
completes() {
    type "$1"$'\C-t'
    until_reads '*=*=*' | tr -d '\r'
}
while IFS= read -r line; do
    print -r -- "--- $line"
    completes "$line"
done
zpty -d terminal
ZSH
cat >"$scratch/cases" <<'CASES'
tare c|completion
tare c|check
tare run --dr|=tare run --dry-run =
tare run la|lab.yaml
tare run la|labs
tare show --color=a|always
tare show --color=a|auto
tare show --form|=tare show --format==
tare list --format=t|=tare list --format=table =
tare lab |exec
tare lab exec h|=tare lab exec host =
tare lab up --ip|=tare lab up --ipv6 =
tare man wat|=tare man watch =
tare workloads net_|net_stream
tare completion z|=tare completion zsh =
tare nonsense x|=tare nonsense x=
CASES
cut -d'|' -f1 "$scratch/cases" | uniq >"$scratch/lines"
zsh -f "$scratch/terminal" "$scratch" <"$scratch/lines" >"$scratch/shown" 2>&1 || { cat "$scratch/shown"; fail "no terminal"; }
while IFS='|' read -r line wanted; do
    awk -v head="--- $line" '$0 ~ /^--- / { on = $0 == head } on' "$scratch/shown" >"$scratch/one"
    grep -qF -- "$wanted" "$scratch/one" || { cat -v "$scratch/one"; fail "'$line' and TAB does not give '$wanted'"; }
done <"$scratch/cases"
