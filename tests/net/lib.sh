# What the tests with a lab share. Each test has its own runtime directory: the labs of the user who
# runs the tests are neither seen nor touched.
set -u
tare=$TARE_BIN/tare
scratch=$(mktemp -d /tmp/tare-test-XXXXXX)
export XDG_RUNTIME_DIR=$scratch
unset TMPDIR

clean_up()
{
    "$tare" lab down --all >"$scratch/down" 2>&1 || cat "$scratch/down"
    rm -rf "$scratch"
}
trap clean_up EXIT

skip()
{
    echo "skip: $*"
    exit 77
}

fail()
{
    echo "failed: $*"
    exit 1
}

# This system lets us build a lab, or the test is skipped with what forbids it.
need_lab()
{
    local words
    if words=$("$tare" lab up probe 2>&1); then
        "$tare" lab down probe || fail "the first lab does not go down"
    elif [[ $words == *"cannot make"* || $words == *"has no"* || $words == *"install the package"* ]]; then
        skip "$words"
    else
        fail "$words"
    fi
}

# `reaches LAB MACHINE ADDRESS`: TCP gets an answer, be it a refusal; no ping is needed.
reaches()
{
    local words
    words=$("$tare" lab exec --lab "$1" "$2" -- timeout 3 bash -c "exec 3<>/dev/tcp/$3/9" 2>&1) && return 0
    [[ $words == *"Connection refused"* ]]
}

# Inode numbers of the namespaces of LAB, one a line.
namespaces()
{
    local machine
    for machine in switch host peer coordinator; do
        "$tare" lab exec --lab "$1" "$machine" -- readlink /proc/self/ns/{net,pid,mnt}
        [[ $machine == @(host|peer) ]] && "$tare" lab exec --lab "$1" "$machine" -- readlink /proc/self/ns/time
    done | sort -u
}

# `is_gone FILE`: within 3 s no process and no mount holds a namespace that FILE lists.
is_gone()
{
    local try
    for try in {1..30}; do
        if ! { readlink /proc/[0-9]*/ns/* /proc/[0-9]*/task/*/ns/*; grep -o 'net:\[[0-9]*\]' /proc/self/mountinfo; } \
            2>/dev/null | grep -qxFf "$1"; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}
