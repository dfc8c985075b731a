# A whole run in a lab: figures as a 100 Mbit/s switch allows, starts proven, shown again from the archive.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 2s send receive both
run 0 --lab --set start.tolerance=6s --set name=whole "$scratch/scenario.yaml"
want '.overrides == ["start.tolerance=6s", "name=whole"] and .tolerance_ns == 6000000000 and .scenario == "whole"'
want '.status == "complete" and (.trials | length) == 3'
want '[.trials[] | .start.verdict] | (.[0] == "single" and .[1] == "single" and .[2] == "together")'
want '.trials[2].start.pairs | length == 1'
# One direction fills the wire; with both, each one's acknowledgements take their share of the other.
want '[.trials[0,1].streams[0].figures.throughput.value] | all(. > 80e6 and . < 94.5e6)'
want '[.trials[2].streams[] | .figures.throughput.value] | (length == 2 and all(. > 80e6 and . < 94.5e6))'
want '[.trials[0,1].streams[0].figures.retransmits.value] | all(. == 0)'
want '[.nodes[].name] == ["host", "peer"]'
# What each kernel does to its clocks, before and after: one kernel here, in which nobody changes that meanwhile.
want '.trials | all(.kernel_clocks | length == 4 and all(.why == null and .ppm != null and .clocksource != null))'
want '.trials[0].kernel_clocks | map([.node, .moment]) | sort ==
      [["host", "after"], ["host", "before"], ["peer", "after"], ["peer", "before"]]'
# What limits a figure is in the fingerprint: the switch's shaping, and the bridge that leads to it.
want '.nodes[] | select(.name == "host") | .fingerprint.links[] | select(.name == "eth0") |
      .master == "br0" and .qdisc == "tbf" and .shaped_bit_s == 100000000 and .shaped_overhead == 24 and .mtu == 1500'
want '.nodes[] | select(.name == "host") | .fingerprint.routes | any(startswith("10.77.0.0/24 br0 "))'
"$tare" show --archive "$archive" >"$scratch/again"
cmp "$scratch/out" "$scratch/again" || fail "tare show differs from what the run printed"
"$tare" list --archive "$archive" --format json | jq -e '.runs | length == 1 and .[0].status == "complete"' >/dev/null ||
    fail "tare list"
says err "host joined"
nothing_left
