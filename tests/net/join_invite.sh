# A node joins with its invite, by file and by pipe, and stays for the next run; its key is the
# owner's alone.
. "$(dirname "$0")/lib.sh"
own_home
scenario 300ms
"$tare" invite host --endpoint "$endpoint" --out "$scratch/host.invite" 2>"$scratch/err" || fail "$(cat "$scratch/err")"
[ "$(stat -c %a "$scratch/host.invite")" = 600 ] || fail "mode of the invite"
[ "$(stat -c %a "$XDG_CONFIG_HOME/tare" "$XDG_CONFIG_HOME/tare/keys.db" | tr '\n' ' ')" = "700 600 " ] || fail "modes of the keys"
agent host.log tare-node --invite "$scratch/host.invite"
"$TARE_BIN/tare-netserver" --invite - < <("$tare" invite peer --endpoint "$endpoint" 2>/dev/null) >"$scratch/peer.log" 2>&1 &
until_says 8 "$scratch/host.log" "no answer from $endpoint yet"
for round in 1 2; do
    run 0 --port "$port" --wait 20s "$scratch/scenario.yaml"
    want ".no == $round and .status == \"complete\""
done
says host.log "joined $endpoint as 'host'"
# Without --endpoint the address is guessed, and said, or asked for.
if "$tare" invite web1 --out "$scratch/web1.invite" 2>"$scratch/err"; then
    says err "nodes will dial $(sed -n 's/^endpoint=//p' "$scratch/web1.invite")"
else
    says err "say --endpoint"
fi
# What is wrong is said before a key is made.
bad() { "$tare" invite "$@" 2>"$scratch/err" && fail "accepted: invite $*"; }
bad ; says err "name one node"
bad 'a b'; says err "is not a name"
bad host --endpoint 127.0.0.1; says err "is not tcp://ADDRESS:PORT"
bad host --endpoint "$endpoint" --out "$scratch/nowhere/x"; says err "No such file"
bad token.1 --endpoint "$endpoint" --out "$scratch/x"; says err "not a name for a node"
run 0 --port "$port" --wait 20s "$scratch/scenario.yaml"
chmod 644 "$scratch/host.invite"
"$TARE_BIN/tare-node" --invite "$scratch/host.invite" 2>"$scratch/err" && fail "an open invite is taken"
says err "chmod 600"
