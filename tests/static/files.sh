#!/usr/bin/env bash
# What every file keeps to: its length, its first comment, its guard; no leftovers, no stray blanks.
# The last part plants each fault in a tree of its own and wants it found.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
most_lines=400

# Of the C files named on standard input.
check_c()
{
    local file
    while read -r file; do
        awk -v file="$file" -v most="$most_lines" '
            function say(line, why) { print file ":" line ": " why }
            NR == 1 && file ~ /\.h$/ && !/^\/\*/ { say(1, "a header begins with a comment that says what it is") }
            file ~ /\.h$/ && !guard && /^#ifndef [A-Z0-9_]+_H$/ { guard = $2; ifndef = NR; next }
            guard && !defined && NR == ifndef + 1 && $0 == "#define " guard { defined = 1 }
            END {
                if (file ~ /\.h$/ && !defined) say(1, "no include guard (#ifndef NAME_H, #define NAME_H)")
                if (file !~ /^tests\// && NR > most) say(NR, "longer than " most " lines")
            }' "$file"
    done
}

# Of the text files named on standard input. The X's of a mktemp template are no note.
check_text()
{
    local file word='TO''DO|FIX''ME|(^|[^X])XX''X($|[^X])' tab=$'\t'
    while read -r file; do
        grep -nE "$word" "$file" /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: a note of unfinished work/'
        grep -n "$tab" "$file" /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: a tab/'
        grep -nE '[[:blank:]]+$|'$'\r''$' "$file" /dev/null | sed -E 's/^([^:]*:[0-9]+):.*/\1: blanks at the end of the line/'
        [ -z "$(tail -c 1 "$file")" ] || echo "$file:$(($(wc -l <"$file") + 1)): no newline at its end"
    done
}

check_shell()
{
    local file
    while read -r file; do
        bash -n "$file" 2>&1 | sed -E 's/: line ([0-9]+):/:\1:/'
    done
}

# `check LIST`: everything, of the tree we stand in. Golden files and corpora hold their oddities on
# purpose, a licence is as it was written.
check()
{
    grep -vE '^(tests/golden/|tests/fuzz/corpus/|LICENSE$)' "$1" >"$work/plain"
    shell_files <"$work/plain" >"$work/shell"
    grep -E '\.[ch]$' "$work/plain" | check_c
    grep -E '\.([ch]|sh|sql|cmake|json|yaml|gp|md|txt)$|^\.clang-|^bootstrap$' "$work/plain" | sort -u - "$work/shell" | check_text
    check_shell <"$work/shell"
}

tracked >"$work/files"
check "$work/files" >"$work/findings"
count=$(wc -l <"$work/files")

# The check of the check.
mkdir -p "$work/tree/tests"
cd "$work/tree" || exit 1
seq 401 >long.c
seq 401 >tests/long.c
printf 'int x;\n' >bare.h
printf '/* good.h - good. */\n#ifndef TARE_GOOD_H\n#define TARE_GOOD_H\nchar name[] = "a-XX''XX''XX";\n#endif\n' >good.h
printf 'int x; /* TO''DO */\n' >note.c
printf '\tint x;\n' >tab.c
printf 'int x; \n' >blank.c
printf 'int x;' >end.c
printf '#!/bin/bash\nif true; then\n' >script
find . -type f -printf '%P\n' | sort >"$work/planted"
check "$work/planted" | cut -d: -f1,3 | sort -u >"$work/found"
cat >"$work/wanted" <<'EOF'
bare.h: a header begins with a comment that says what it is
bare.h: no include guard (#ifndef NAME_H, #define NAME_H)
blank.c: blanks at the end of the line
end.c: no newline at its end
long.c: longer than 400 lines
note.c: a note of unfinished work
script: syntax error
tab.c: a tab
EOF
cd "$TARE_SOURCE" || exit 1
diff "$work/found" "$work/wanted" |
    sed -nE 's/^< /the check itself: found without cause: /p; s/^> /the check itself: planted and not found: /p' >>"$work/findings"
conclude "$work/findings" "$count" "files"
