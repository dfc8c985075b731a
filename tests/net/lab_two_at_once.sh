# Labs do not know of each other; two builders of one name agree on who was first.
. "${BASH_SOURCE%/*}/lib.sh"
need_lab

"$tare" lab up a & first=$!
"$tare" lab up b & second=$!
wait $first && wait $second || fail "two at once"
"$tare" lab exec --lab a host -- touch "$scratch/x" || fail "exec"
"$tare" lab exec host -- true 2>"$scratch/words" && fail "exec chose one of two"
grep -q 'a, b' "$scratch/words" || fail "exec says: $(<"$scratch/words")"
for lab in a b; do
    reaches $lab host 10.77.0.3 || fail "lab $lab"
done
[[ $("$tare" lab exec --lab a host -- readlink /proc/self/ns/net) != $("$tare" lab exec --lab b host -- readlink /proc/self/ns/net) ]] ||
    fail "both labs in one namespace"
"$tare" lab down a || fail "down a"
reaches b host 10.77.0.3 || fail "b went with a"
"$tare" lab down --all || fail "down --all"

for round in 1 2 3; do
    for try in 1 2 3; do
        "$tare" lab up same 2>/dev/null && echo "$try" >>"$scratch/won.$round" &
    done
    wait
    [[ $(wc -l <"$scratch/won.$round") == 1 ]] || fail "round $round: $(wc -l <"$scratch/won.$round") of 3 built lab 'same'"
    reaches same host 10.77.0.3 || fail "the one that was built does not work"
    "$tare" lab down same || fail "down same"
done
