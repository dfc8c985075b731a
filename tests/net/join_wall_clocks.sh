# Nodes whose wall clocks are a year ahead and a year behind: whether a token has expired is judged by the
# coordinator's clock alone, and a run does not care. (Clocks of other kinds are years apart in every lab:
# run_true_clocks.sh.)
. "$(dirname "$0")/lib.sh"
own_home
year=$((365 * 24 * 3600))
shim=$TARE_BUILD/tests/libwall_clock.so
export ASAN_OPTIONS=verify_asan_link_order=0 # which wants to be first
# `elsewhere SECONDS COMMAND...`
elsewhere() { TARE_TEST_WALL_S=$1 LD_PRELOAD=$shim "${@:2}"; }
[ $(($(elsewhere $year date +%s) - $(date +%s))) -ge $((year - 5)) ] || fail "$shim does not move a clock"

"$tare" invite --lab --uses 2 --expires 1h --endpoint "$endpoint" --out "$scratch/lab.invite" 2>"$scratch/invite.err" &
until_says 5 "$scratch/invite.err" "taking nodes in"
elsewhere $year agent host.log tare-node --invite "$scratch/lab.invite" --name host --state "$scratch/at-host"
elsewhere -$year agent peer.log tare-netserver --invite "$scratch/lab.invite" --name peer --state "$scratch/at-peer"
until_says 8 "$scratch/invite.err" "is spent"
scenario 500ms both
run 0 --port "$port" "$scratch/scenario.yaml"
want '.status == "complete" and .trials[0].start.verdict == "together"'
want '.trials[0].start.at[0:4] == (now | todate[0:4]) or .trials[0].start.at[0:4] == (now - 60 | todate[0:4])'

# By the clock of a node that is a year behind, this token has a year to go.
"$tare" invite --lab --expires 1s --endpoint "$endpoint" --out "$scratch/short.invite" 2>"$scratch/invite.err" &
invite_pid=$!
sleep 1.2
elsewhere -$year agent late.log tare-node --invite "$scratch/short.invite" --name late --state "$scratch/at-late"
until_says 5 "$scratch/late.log" "this token has expired"
