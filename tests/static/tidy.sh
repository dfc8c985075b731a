#!/usr/bin/env bash
# clang-tidy over the programs' C files, with .clang-tidy's checks and the flags of this build.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need clang-tidy
database=$TARE_BUILD/compile_commands.json
[ -f "$database" ] || { echo "skip: no $database (cmake --preset dev makes it)"; exit 77; }

for folder in $programs; do tracked "$folder/*.c"; done >"$work/files"
while read -r file; do
    grep -qF "\"file\": \"$TARE_SOURCE/$file\"" "$database" ||
        echo "$file: not in compile_commands.json: configure the build again"
done <"$work/files" >"$work/findings"
# One file a call: given several, clang-tidy 14 takes a va_list for uninitialized that is not.
# A crash or a bad .clang-tidy ends with non-zero, and then at least one line says so.
check()
{
    local words
    words=$(clang-tidy -p "$TARE_BUILD" --quiet "$1" 2>&1) && return
    grep -E ' (error|warning): ' <<<"$words" || echo "$1: clang-tidy failed: $(tail -n 1 <<<"$words")"
}
export -f check
export TARE_BUILD
xargs -r -P2 -I{} bash -c 'check "{}"' <"$work/files" | sed "s#^$TARE_SOURCE/##" | sort -u >>"$work/findings"
conclude "$work/findings" "$(wc -l <"$work/files")" "C files"
