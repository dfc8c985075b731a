#!/usr/bin/env bash
# What shellcheck says of all shell scripts, from 'warning' up. Not asked for: a shebang in what is only
# sourced (SC2148) and a use of every variable (SC2034): a script sets some for the lib that it sources.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need shellcheck

tracked | grep -vE '^tests/(golden|fuzz/corpus)/' | shell_files >"$work/files"
xargs -r shellcheck --shell=bash --severity=warning --exclude=SC2148,SC2034 --external-sources \
    --source-path=SCRIPTDIR --format=gcc <"$work/files" >"$work/findings" 2>&1
conclude "$work/findings" "$(wc -l <"$work/files")" "shell scripts"
