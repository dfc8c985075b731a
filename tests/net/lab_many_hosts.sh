# A lab has the hosts and peers of its scenario: one step on four hosts at once, with what they made
# together; one that stays, made for a scenario; and what a lab cannot be made of is said beforehand.
. "$(dirname "$0")/lib.sh"
need_lab
cat >"$scratch/scenario.yaml" <<'YAML'
tare: 1
name: many
nodes:
  "web[1-3]": {role: host}
  a-host-with-a-long-name: {role: host}
  far: {role: peer}
start: {tolerance: 5s}
steps:
  - {name: all, run: net_stream, to: far, length: 1s, warmup: 300ms, when: together, on: ["web[1-3]", a-host-with-a-long-name]}
  - {name: each, run: net_stream, to: far, length: 300ms, direction: receive, on: ["web[1-3]"]}
YAML
run 0 --lab "$scratch/scenario.yaml"
want '.status == "complete" and [.nodes[].name] == ["web1", "web2", "web3", "a-host-with-a-long-name", "far"]'
want '[.trials[] | .step] == ["all", "each", "each", "each"]'
# Four at once fill the wire of one port; each alone does.
want '.trials[0] | [.streams[] | select(.role == "load") | .node] == ["web1", "web2", "web3", "a-host-with-a-long-name"]'
want '.trials[0].totals[] | select(.window == "common") | .streams == 4 and .sum > 60e6 and .min > 0 and .max < 85e6 and .jain > 0.5 and .jain <= 1'
want '.trials[0].start.pairs | length == 6'
want '[.trials[1:][] | .streams[] | select(.role == "load") | .node] == ["web1", "web2", "web3"]'
says out '4 at once, send: sum '
says out 'fairness '
nothing_left

"$tare" lab up many --scenario "$scratch/scenario.yaml" 2>"$scratch/words" || fail "$(cat "$scratch/words")"
"$tare" lab exec web3 -- ip -br addr show br0 | grep -q 10.77.0.4/24 || fail "web3 has no bridge of its own"
"$tare" lab exec switch -- ip -br link | grep -q '^port5@' || fail "a long name has no port: $("$tare" lab exec switch -- ip -br link)"
"$tare" lab exec host -- true 2>"$scratch/words" && fail "a machine that is none"
grep -q "no machine 'host'; it has: switch, coordinator, web1, web2, web3, a-host-with-a-long-name, far" "$scratch/words" ||
    fail "$(cat "$scratch/words")"
run 0 --lab=many --set steps.all.length=300ms "$scratch/scenario.yaml"
# Another scenario's nodes are not in it, which shows before anything is waited for.
scenario 300ms
run 3 --lab=many "$scratch/scenario.yaml"
says err "lab 'many' has no machine for host, peer"
"$tare" lab down many || fail "down"

# `refused WORDS`: no lab for what is in the scenario.
refused()
{
    run 2 --lab "$scratch/scenario.yaml"
    says err "$1"
    nothing_left
}
sed -i 's/  host: {role: host}/  switch: {role: host}/; s/\[host\]/[switch]/' "$scratch/scenario.yaml"
refused "only one machine 'switch'"
scenario 300ms
sed -i 's/  host: {role: host}/  "host[1-70]": {role: host}/; s/\[host\]/["host[1-70]"]/' "$scratch/scenario.yaml"
refused "room for 62 hosts and peers"
"$tare" lab up bad --scenario <(echo 'tare: 2') 2>"$scratch/words" && fail "a lab for a scenario with mistakes"
grep -q "no lab is made for a scenario with mistakes" "$scratch/words" || fail "$(cat "$scratch/words")"
nothing_left
