# A node that never comes is named, and the run ends with 3; so is an agent of another version.
. "$(dirname "$0")/lib.sh"
need_lab
scenario
sed -i 's/  peer: {role: peer}/  peer: {role: peer}\n  web1: {role: guest, on: host}/' "$scratch/scenario.yaml"
run 3 --lab --wait 2s "$scratch/scenario.yaml"
says err "web1"
nothing_left
scenario
run 3 --lab --wait 2s --host-arg --test-protocol --host-arg 99.0 "$scratch/scenario.yaml"
says err "protocol 99"
nothing_left
