# The live view of a real run in a terminal of 60, 80 and 200 columns: below finished lines one block,
# no line of which is wider than the terminal; at the end only finished lines and the table.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || skip "tmux is not installed"
need_lab
scenario 3s send both

# A server of the test's own, which sees neither the user's nor their settings.
terminal() { tmux -S "$scratch/tmux" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; clean_up' EXIT

# `start WIDTH HEIGHT [ENV...]`: a run in a terminal of its own.
start()
{
    local width=$1 height=$2
    shift 2
    terminal kill-server 2>/dev/null && sleep 0.5
    rm -f "$scratch/over"
    terminal new-session -d -x "$width" -y "$height" \
        "env LC_ALL=C.UTF-8 $* '$tare' run --lab --archive '$archive' '$scratch/scenario.yaml'; echo \$? >'$scratch/over'; exec sleep 60"
}

capture() { terminal capture-pane -p >"$scratch/shot"; }

# `until_shows SECONDS REGEX`: wait for a line on the terminal.
until_shows()
{
    local try
    for ((try = 0; try < $1 * 10; try++)); do
        capture
        grep -qE -- "$2" "$scratch/shot" && return 0
        sleep 0.1
    done
    cat "$scratch/shot"
    fail "no line like '$2' within $1 s"
}

until_over()
{
    local try
    for ((try = 0; try < $1 * 10; try++)); do
        [ -s "$scratch/over" ] && break
        sleep 0.1
    done
    [ "$(cat "$scratch/over")" = 0 ] || { capture; cat "$scratch/shot"; fail "exit code '$(cat "$scratch/over")'"; }
    terminal capture-pane -p -S - >"$scratch/shot"
}

# `count REGEX`: lines of the terminal like it.
count() { grep -cE -- "$1" "$scratch/shot"; }

expect()
{
    [ "$(count "$2")" = "$1" ] && return 0
    cat "$scratch/shot"
    fail "$(count "$2") lines like '$2', not $1"
}

# Rows of the second trial (both ways), and above them the first trial's line, each once.
check_block()
{
    expect 1 '^ host → peer .*Mbit/s'
    expect 1 '^ host ← peer .*Mbit/s'
    expect 1 'trial 2/2.*both.* left$'
    expect 1 '^✓?!? ?1/2 send +host → peer 9[0-9]\.[0-9]+ Mbit/s'
    # The block is the last on the terminal, its lines are neighbours.
    grep -v '^$' "$scratch/shot" | tail -n 1 | grep -qE 'trial 2/2' || { cat "$scratch/shot"; fail "the run's line is not the last"; }
}

check_end()
{
    expect 0 ' left$'
    expect 0 '^ host [→←] peer '
    expect 1 '^.? ?1/2 send '
    expect 1 '^.? ?2/2 both '
    expect 1 '^run [0-9]+ .*complete'
    expect 1 '^run [0-9]+, '
}

for width in 60 80 200; do
    start "$width" 24
    until_shows 20 '^ host ← peer .*Mbit/s'
    capture
    check_block
    [ "$(wc -L <"$scratch/shot")" -lt "$width" ] || { cat "$scratch/shot"; fail "a line of $width columns"; }
    until_over 20
    check_end
done

# Resized in the middle, narrower and wider: finished lines stay, the block follows. (A terminal is
# narrower some time before it says so: a row of an old block may stay above, so none is counted.)
check_resized()
{
    terminal capture-pane -p -S - >"$scratch/shot" # what was made narrower may have scrolled up
    expect 1 '^.? ?1/2 send +host'
    grep -v '^$' "$scratch/shot" | tail -n 1 | grep -qE ' left$' || { cat "$scratch/shot"; fail "the block is not the last"; }
}

start 120 24
until_shows 20 '^ host ← peer .*Mbit/s'
terminal resize-window -x 60 -y 20
sleep 0.8
check_resized
terminal resize-window -x 100 -y 30
sleep 0.8
check_resized
until_over 20
expect 1 '^.? ?2/2 both '
expect 1 '^run [0-9]+ .*complete'

# No colours where none are wanted, no block on a terminal that cannot move its cursor.
start 80 24 NO_COLOR=1
until_shows 20 '^ host → peer .*Mbit/s'
terminal capture-pane -p -e | grep -q $'\033\\[' && fail "colours in spite of NO_COLOR"
start 80 24 TERM=dumb
until_shows 20 '^tare: \[1/2\] round 1/1 send +1\.0 s'
terminal kill-server
