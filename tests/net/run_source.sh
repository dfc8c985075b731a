# A source tree goes to a node once, whatever happens on its way: an agent that is killed, one that hangs, bytes that a
# disk has damaged. Neither side's memory grows with it.
. "$(dirname "$0")/lib.sh"
command -v make >/dev/null && command -v cc >/dev/null || skip "no make and cc"
own_home
export XDG_CACHE_HOME=$scratch/cache
mkdir "$scratch/tree"
sed 's/^>/\t/' >"$scratch/tree/Makefile" <<'END'
all:
>@echo building; sleep 1
END
head -c 40000000 /dev/urandom >"$scratch/tree/ballast"
tar -C "$scratch" -cf "$scratch/tree.tar" tree
rm -r "$scratch/tree"
cat >"$scratch/scenario.yaml" <<END
tare: 1
name: source
nodes: {host: {role: host}}
start: {tolerance: 5s}
repeats: 1
steps:
  - {name: build, run: compile, on: [host], source: $scratch/tree.tar, directory: $scratch, warmups: 0}
END
"$tare" invite host --endpoint "$endpoint" --out "$scratch/host.invite" 2>"$scratch/err" || fail "$(cat "$scratch/err")"
start_host() { agent host.log tare-node --allow builds --invite "$scratch/host.invite"; }
part() { find "$scratch/cache" -name '*.part' 2>/dev/null; }

# `in_mid_transfer`: some of it has come, and not all.
in_mid_transfer()
{
    local try size
    for ((try = 0; try < 6000; try++)); do
        size=$(stat -c %s "$(part)" 2>/dev/null || echo 0)
        if [ "$size" -gt 4000000 ]; then
            return
        fi
        sleep 0.01
    done
    fail "nothing comes: $(cat "$scratch/err")"
}

# `peak PID`: the most memory that it had, below 64 MB.
peak()
{
    local kb
    # A sanitizer keeps what was given back: its memory says nothing.
    ldd "$TARE_BIN/$2" | grep -q 'lib[at]san' && return
    kb=$(awk '/VmHWM/ { print $2 }' "/proc/$1/status") || fail "no process $1"
    [ "$kb" -lt 64000 ] || fail "$2 had $kb kB"
}

is_done()
{
    ends "$run_pid"
    [ "$code" -eq 0 ] || { cat "$scratch/out" "$scratch/err"; fail "exit code $code"; }
    want '.status == "complete" and .trials[-1].streams[0].figures.steps.value == 1'
    [ -z "$(part)" ] || fail "left behind: $(part)"
}

# Killed, it goes on from what it held.
start_host
begin_run
in_mid_transfer
kill -9 "$agent_pid"
held=$(stat -c %s "$(part)")
start_host
until_says 20 "$scratch/err" "goes on with $scratch/tree.tar from"
[ "$(sed -n 's/.* from \([0-9]*\)\.[0-9] MB$/\1/p' "$scratch/err")" -ge $((held / 1000000 - 1)) ] || fail "$(cat "$scratch/err")"
until_says 30 "$scratch/err" "host has $scratch/tree.tar"
peak "$agent_pid" tare-node
peak "$run_pid" tare
is_done

# It has it now.
begin_run
is_done
grep -q "host has" "$scratch/err" && fail "it was sent again: $(cat "$scratch/err")"

# What it held is not what was sent: all of it goes again, and is right.
rm -r "$scratch/cache"
begin_run
in_mid_transfer
kill -9 "$agent_pid"
printf 'damaged' | dd of="$(part)" bs=1 seek=1000000 conv=notrunc status=none
start_host
is_done
says err "what was held is damaged, and thrown away; sending it again"

# It hangs for so long that it is given up, and comes back.
rm -r "$scratch/cache"
begin_run
in_mid_transfer
kill -STOP "$agent_pid"
until_says 20 "$scratch/err" "host is gone"
kill -CONT "$agent_pid"
is_done

# One that may not build takes nothing.
kill -9 "$agent_pid"
rm -r "$scratch/cache"
agent host.log tare-node --invite "$scratch/host.invite"
begin_run
ends "$run_pid"
[ "$code" -eq 5 ] || fail "exit code $code: $(cat "$scratch/err")"
says err "this agent builds nothing: start it with --allow builds"
[ -z "$(part)" ] || fail "it took some of it"
