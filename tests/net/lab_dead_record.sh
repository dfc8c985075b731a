# What dead labs leave on disk is cleared, and never taken for more than it is.
. "${BASH_SOURCE%/*}/lib.sh"
need_lab
directory=$scratch/tare/lab-lab
init_of() { sed -n 's/^switch switch \([0-9]*\) .*/\1/p' "$directory/record"; }

"$tare" lab up || fail "up"
namespaces lab >"$scratch/namespaces"
kill -9 "$(init_of)"
is_gone "$scratch/namespaces" || fail "killing init left something"
"$tare" lab status | grep -q '^lab: dead' || fail "status says: $("$tare" lab status)"
"$tare" lab exec host -- true 2>"$scratch/words" && fail "exec in a dead lab"
grep -q "is dead" "$scratch/words" || fail "exec says: $(<"$scratch/words")"
"$tare" lab up || fail "up over a dead record of the same name"
reaches lab host 10.77.0.3 || fail "the new one"

# A machine that is lost ends the lab: half of one would measure something else.
kill -9 "$(sed -n 's/^peer peer \([0-9]*\) .*/\1/p' "$directory/record")"
for try in {1..50}; do "$tare" lab status | grep -q dead && break; sleep 0.05; done
"$tare" lab status | grep -q '^lab: dead' || fail "a lab without its peer goes on"
"$tare" lab down || fail "down of a dead lab"
[[ ! -e $directory ]] || fail "the directory is left"

# The recorded id now belongs to a stranger: not even `down` may signal it.
"$tare" lab up || fail "up again"
cp "$directory/record" "$scratch/record"
"$tare" lab down || fail "down again"
sleep 1000 &
stranger=$!
mkdir -m 700 "$directory"
sed "s/^switch switch [0-9]*/switch switch $stranger/" "$scratch/record" >"$directory/record"
"$tare" lab down || fail "down of a record with a stranger's id"
kill -0 $stranger || fail "down has killed a stranger"
mkdir -m 700 "$directory"
sed "s/^switch .*/switch switch $stranger $(cut -d' ' -f22 /proc/$stranger/stat)/; s/^boot ./boot x/" "$scratch/record" >"$directory/record"
"$tare" lab down || fail "down of a record of another boot"
kill -0 $stranger || fail "down has killed a stranger of another boot"
kill $stranger

# No record, or half of one: a builder was killed.
mkdir -m 700 "$directory"
"$tare" lab status | grep -q '^lab: dead' || fail "an empty directory"
head -c 40 "$scratch/record" >"$directory/record"
"$tare" lab up || fail "up over half a record"
"$tare" lab down || fail "the last down"

# What is not a lab's is left alone, and said.
mkdir -m 700 "$directory"
touch "$directory/thesis.tex"
"$tare" lab down 2>"$scratch/words" && fail "down has removed a stranger's file"
grep -q thesis.tex "$scratch/words" && [[ -e $directory/thesis.tex ]] || fail "down says: $(<"$scratch/words")"
"$tare" lab up other || fail "a stranger's file keeps other labs from starting"
rm "$directory/thesis.tex"
