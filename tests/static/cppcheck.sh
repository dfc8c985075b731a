#!/usr/bin/env bash
# cppcheck over the programs' C files; what it may not say, and why: cppcheck.txt beside this.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need cppcheck

for folder in $programs; do tracked "$folder/*.c"; done >"$work/files"
cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j2 --quiet --std=c11 --library=posix,gnu \
    --suppressions-list=tests/static/cppcheck.txt -D_GNU_SOURCE -DTARE_TEST_FLAGS '-DTARE_VERSION=""' \
    -I common -I coordinator -I node -I netserver-peer --file-list="$work/files" \
    --template='{file}:{line}: {message} [{id}]' --template-location='' 2>"$work/findings"
code=$?
[ "$code" -eq 0 ] || [ -s "$work/findings" ] || echo "cppcheck ended with $code" >"$work/findings"
conclude "$work/findings" "$(wc -l <"$work/files")" "C files"
