#!/usr/bin/env bash
# Every C file is as clang-format would write it: clang-format -i FILE mends it.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need clang-format

tracked '*.c' '*.h' >"$work/files"
xargs -r clang-format --dry-run -Werror <"$work/files" 2>&1 | grep -E '(error|warning):' >"$work/findings"
conclude "$work/findings" "$(wc -l <"$work/files")" "C files"
