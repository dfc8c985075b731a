# A lab whose programs are not all of one version: an agent of another major version is refused with one
# line that says what to do, on both sides; one of another minor version works; one whose workloads have
# other options is refused the steps that use them, and nothing else.
. "$(dirname "$0")/lib.sh"
own_home
cat >"$scratch/scenario.yaml" <<'YAML'
tare: 1
name: versions
nodes:
  "host[1-2]": {role: host}
  peer: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: send, run: net_stream, to: peer, length: 300ms, on: ["host[1-2]"]}
YAML
for name in host1 host2 peer before after; do
    "$tare" invite "$name" --endpoint "$endpoint" --out "$scratch/$name.invite" 2>"$scratch/err" || fail "$(cat "$scratch/err")"
done
agent host1.log tare-node --invite "$scratch/host1.invite" --test-catalogue "net_stream 0123456789abcdef
of_tomorrow 0123456789abcdef
"
agent host2.log tare-node --invite "$scratch/host2.invite" --test-protocol 1.1
agent peer.log tare-netserver --invite "$scratch/peer.invite" --test-protocol 1.7
agent before.log tare-node --invite "$scratch/before.invite" --test-protocol 0.9
agent after.log tare-node --invite "$scratch/after.invite" --test-protocol 2.0
run 5 --port "$port" "$scratch/scenario.yaml"
want '[.trials[] | [.streams[0].node // "host1", .partial]] == [["host1", true], ["host2", false]]'
want '.trials[0].why | test("^host1 .tare-node .*has no net_stream as this tare .* means it: install the same version there$")'
for name in before after; do
    [ "$(grep -c "refused '$name' from 127.0.0.1: " "$scratch/err")" -ge 1 ] || { cat "$scratch/err"; fail "no word of $name"; }
    until_says 8 "$scratch/$name.log" "install the same version"
done
grep "refused 'before'" "$scratch/err" | head -1 | grep -q "protocol 0.*install the same version" || fail "$(cat "$scratch/err")"
grep "refused 'after'" "$scratch/err" | head -1 | grep -q "protocol 2.*install the same version" || fail "$(cat "$scratch/err")"
