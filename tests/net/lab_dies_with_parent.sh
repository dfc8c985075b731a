# kill -9 of the process that owns a lab: no process, no namespace, no link is left of it.
. "${BASH_SOURCE%/*}/lib.sh"
need_lab

rm -f "$scratch/words"
"$tare" lab up run --foreground 2>"$scratch/words" &
owner=$!
for try in {1..100}; do grep -qs "is up" "$scratch/words" && break; sleep 0.05; done
namespaces run >"$scratch/namespaces"
"$tare" lab exec host -- sleep 1000 &
sleeper=$!
"$tare" lab exec peer -- bash -c 'setsid sleep 1000 & disown' # out of every group and session
while [[ $("$tare" lab exec host -- bash -c 'grep -ls sleep /proc/[1-9]*/comm | wc -l') -lt 2 ]]; do
    sleep 0.02
done
ip -br link >"$scratch/links"

kill -9 $owner
wait $owner 2>/dev/null
is_gone "$scratch/namespaces" || fail "left: $(readlink /proc/[0-9]*/ns/* 2>/dev/null | grep -xFf "$scratch/namespaces" | sort -u)"
wait $sleeper; [[ $? == 137 ]] || fail "the program in the lab outlived it"
diff <(ip -br link) "$scratch/links" || fail "this machine's links have changed"
"$tare" lab status | grep -q '^run: dead' || fail "status says: $("$tare" lab status)"
[[ -d $scratch/tare/lab-run ]] || fail "no record to clear"
"$tare" lab up other || fail "up after a dead lab"
[[ ! -e $scratch/tare/lab-run ]] || fail "the next lab did not clear the dead one"

# Ctrl-C in the foreground: the same, and the directory goes, too.
rm -f "$scratch/words"
"$tare" lab up run --foreground 2>"$scratch/words" &
owner=$!
for try in {1..100}; do grep -qs "is up" "$scratch/words" && break; sleep 0.05; done
kill -TERM $owner
wait $owner || fail "foreground ends with $?"
[[ ! -e $scratch/tare/lab-run ]] || fail "the directory is left"
"$tare" lab exec --lab other host -- true || fail "the other lab is gone, too"
