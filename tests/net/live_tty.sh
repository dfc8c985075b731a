# The live view of a real run in a terminal, by hand as it were: below finished lines one block; the
# terminal is held (^S, ^Q) and made smaller, the run is stopped (^Z) and goes on (fg); in a second one
# `tare watch` is treated likewise. After ^C there are only finished lines and the table. What it looks
# like at 60, 80 and 200 columns: tests/unit/test_live_terminal.c.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || skip "tmux is not installed"
need_lab
scenario 2s send both
sed -i 's/name: both\(.*\)length: 2s/name: both\1length: 60s/' "$scratch/scenario.yaml"

# A server of the test's own, which sees neither the user's nor their settings: two windows with a shell.
terminal() { tmux -S "$scratch/tmux" -f /dev/null "$@"; }
trap 'terminal kill-server 2>/dev/null; clean_up' EXIT
shell="env LC_ALL=C.UTF-8 PS1='\$ ' bash --norc --noprofile -i"
terminal new-session -d -s run -x 120 -y 40 "$shell"
terminal new-session -d -s watch -x 120 -y 40 "$shell"
keys() { terminal send-keys -t "$@"; }

capture() { terminal capture-pane -t "$1" -p -S - >"$scratch/shot"; }

# `until_shows WINDOW SECONDS REGEX`: wait for a line there.
until_shows()
{
    local try
    for ((try = 0; try < $2 * 10; try++)); do
        capture "$1"
        grep -qE -- "$3" "$scratch/shot" && return 0
        sleep 0.1
    done
    cat "$scratch/shot"
    fail "no line like '$3' within $2 s"
}

# `expect COUNT REGEX`: so many lines of the last capture.
expect()
{
    [ "$(grep -cE -- "$2" "$scratch/shot")" = "$1" ] && return 0
    cat "$scratch/shot"
    fail "$(grep -cE -- "$2" "$scratch/shot") lines like '$2', not $1"
}

# The first trial's line once, and the block is the last on the terminal.
check_block()
{
    local try
    for try in {1..50}; do
        capture run
        grep -v '^$' "$scratch/shot" | tail -n 1 | grep -qE 'trial 2/2.* left$' &&
            grep -v '^$' "$scratch/shot" | tail -n 2 | grep -qE '^ host ← peer ' && break
        [ "$try" -lt 50 ] || { cat "$scratch/shot"; fail "the block is not the last"; }
        sleep 0.1
    done
    expect 1 '^.? ?1/2 send +host → peer '
}

keys run "('$tare' run --lab --archive '$archive' '$scratch/scenario.yaml'; echo over-\$?)" Enter
until_shows run 20 '^ host → peer .*Mbit/s'
keys watch "('$tare' watch; echo over-\$?)" Enter
until_shows run 20 '^ host ← peer .*Mbit/s'
check_block
expect 1 '^ host → peer .*Mbit/s'
expect 1 '^ host ← peer .*Mbit/s'

# Held: nothing moves. Let go: it is where it would have been.
keys run C-s
sleep 0.3
capture run
cp "$scratch/shot" "$scratch/held"
keys watch C-s
sleep 0.8
capture run
cmp "$scratch/held" "$scratch/shot" || fail "a terminal that is held moves"
keys run C-q
check_block
keys watch C-q
until_shows watch 5 '\[2/2\] round 1/1 both +3\.0 s'

# Smaller, and larger again. (A terminal is narrower some time before it says so: a row of an old block
# may stay above, so none is counted.)
terminal resize-window -t run -x 60 -y 30
check_block
terminal resize-window -t run -x 100 -y 40
check_block

# Stopped for a moment, and what reads along, too.
keys run C-z
until_shows run 5 'Stopped'
keys watch C-z
until_shows watch 5 'Stopped'
sleep 0.5
keys run fg Enter
check_block
keys watch fg Enter

check_block
keys run C-c
until_shows run 20 '^over-4$'
# Where it was stopped the shell has written below the old block, which stays as it was.
sed -i '1,/Stopped/d' "$scratch/shot"
expect 0 ' left$'
expect 1 '^.? ?2/2 both .*partial: interrupted'
expect 1 '^run [0-9]+ .*partial'
until_shows watch 5 '^over-0$'
expect 1 '\[1/2\] round 1/1 send +host send '
expect 1 '\[2/2\] round 1/1 both +partial: interrupted'
want '[.trials[].partial] == [false, true]'
nothing_left
