#!/usr/bin/env bash
# Every public header compiles alone, with the flags that the build gives a C file of its folder.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need jq
database=$TARE_BUILD/compile_commands.json
[ -f "$database" ] || { echo "skip: no $database (cmake --preset dev makes it)"; exit 77; }

# `command_of FOLDER`: the compiler and its flags, of one C file below, without input and output.
command_of()
{
    jq -r --arg under "$TARE_SOURCE/$1/" \
        'first(.[] | select(.file | startswith($under))).command | gsub(" -o \\S+ -c \\S+$"; "")' "$database"
}

# `check ROOT FOLDER`: the headers named on standard input, relative to ROOT.
check()
{
    local flags header
    read -ra flags < <(command_of "$2")
    [ ${#flags[@]} -gt 0 ] || { echo "$2: no C file of it in compile_commands.json"; return; }
    while read -r header; do
        # Included twice: the guard works too.
        printf '#include "%s"\n#include "%s"\n' "$1/$header" "$1/$header" |
            "${flags[@]//\\\"/\"}" -Werror -fsyntax-only -x c - 2>&1 | grep -E '(error|warning):' | sed "s#^$1/##"
    done
}

count=0
for folder in $programs; do
    tracked "$folder/*.h" >"$work/headers"
    count=$((count + $(wc -l <"$work/headers")))
    check "$TARE_SOURCE" "$folder" <"$work/headers"
done >"$work/findings"

# The check of the check.
mkdir "$work/tree"
echo 'size_t needs_stddef(void);' >"$work/tree/alone.h"
[ -n "$(echo alone.h | check "$work/tree" common)" ] ||
    echo "the check itself: a header that does not stand alone was not found" >>"$work/findings"
conclude "$work/findings" "$count" headers
