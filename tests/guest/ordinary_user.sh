# A guest without root: in a lab of an ordinary user's own namespaces. Where /dev/net/tun is not open to him, one line
# says so before anything is made; where it is, as Debian has it, the guest boots and is measured.
. "$(dirname "$0")/lib.sh"
need_guests
ordinary_user
mknod "$user/closed" c 10 200 && chmod 600 "$user/closed"
users_guest_scenario 1s 2
run_as_user()
{
    code=0
    binds=("$user/$1" /dev/net/tun)
    as_user timeout 120 "$user/tare" run --lab scenario.yaml >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" != 99 ] || skip "no mounts of one's own"
    grep -q "user namespace" "$scratch/err" && skip "$(<"$scratch/err")"
}

run_as_user closed
[ "$code" = 2 ] || fail "exit code $code: $(<"$scratch/err")"
says err "a guest's network port needs /dev/net/tun: as root \`chmod 666 /dev/net/tun\`, or run tare as root; scenarios/wire.yaml needs no guest: Permission denied"
[ "$(wc -l <"$scratch/err")" = 1 ] || fail "more than one line: $(<"$scratch/err")"

run_as_user open
[ "$code" = 0 ] || { cat "$scratch/out" "$scratch/err"; fail "exit code $code"; }
archive=$user/home/.local/share/tare/archive.db
want '[.trials[].streams[].figures.throughput.value] | length == 2 and all(. > 1e6)'
nothing_of_the_user_left
