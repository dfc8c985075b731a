# kill -9 of either agent in every state of the second trial: the first is kept whole, the second
# is marked partial, the run ends within seconds and nothing is left.
. "$(dirname "$0")/lib.sh"
need_lab
scenario 1s send send-2
for agent in host peer; do
    for point in CALIBRATE:150 PREPARE:2 READY:2 ARM:2 RUN:6 DONE:2; do
        rm -f "$archive"*
        run 5 --lab --"$agent"-arg --test-die-at --"$agent"-arg "$point" "$scratch/scenario.yaml"
        took=$SECONDS
        want '.status == "partial"'
        want '.trials[0].partial == false and .trials[0].streams[0].figures.throughput.value > 0'
        want '.trials | length >= 2 and (.[1:] | all(.partial))'
        says err "$agent's agent has ended; what it said last:"
        says err "$agent's log: tare-n"
        says err "was ended by signal 9 (Killed)"
        # Lab, two trials and their probes are about 5 s; noticing may take 4 s.
        [ "$took" -le 15 ] || fail "$agent at $point took $took s"
        echo "$agent at $point: $took s: $(grep -F partial: "$scratch/err" | head -1)"
        nothing_left
    done
done
