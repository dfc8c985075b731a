# What the static checks share. Each runs in the source tree, prints one line a finding and ends
# with 1 when there was one; a tool that is missing skips it (77).
set -u
export LC_ALL=C
: "${TARE_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${TARE_BUILD:=$TARE_SOURCE/build/dev}"
cd "$TARE_SOURCE" || exit 1
programs='common coordinator node netserver-peer' # the folders of what we ship

need()
{
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "skip: $tool is not installed"; exit 77; }
    done
}

# `tracked PATHSPEC...`: files of the repository that are there, one a line.
tracked()
{
    local file
    git ls-files -- "$@" | while read -r file; do [ ! -f "$file" ] || printf '%s\n' "$file"; done
}

# Those of the files on standard input that are shell scripts, by name or by their first line.
shell_files()
{
    local file
    while read -r file; do
        [[ $file == *.sh || $(head -c 40 "$file" | tr -d '\0' | head -n 1) =~ ^#!.*[/\ ](ba)?sh$ ]] &&
            printf '%s\n' "$file"
    done
}

# `conclude FINDINGS COUNT WHAT`: print the file of findings and end. That nothing was looked at is
# a failure too.
conclude()
{
    if [ "$2" -eq 0 ]; then
        echo "failed: no $3 to look at"
        exit 1
    fi
    if [ -s "$1" ]; then
        cat "$1"
        echo "failed: $(wc -l <"$1") findings in $2 $3"
        exit 1
    fi
    echo "ok: $2 $3"
    exit 0
}

need git
git ls-files >/dev/null 2>&1 || { echo "skip: not a checkout of git (or one of another user)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
