# A lab from the first command to the last: what stands in it, and that nothing is left.
. "${BASH_SOURCE%/*}/lib.sh"
need_lab

"$tare" lab up paper --host-arg --test-nothing || fail "up"
"$tare" lab status | grep -q '^paper: up, init [0-9]*,' || fail "status says: $("$tare" lab status)"
for machine in host peer coordinator; do
    for address in 10.77.0.1 10.77.0.2 10.77.0.3; do
        reaches paper "$machine" "$address" || fail "$machine does not reach $address"
    done
done
"$tare" lab exec host -- ip -br addr show br0 | grep -q 10.77.0.2/24 || fail "the host's address is not on br0"
"$tare" lab exec host -- bridge link show dev eth0 | grep -q 'master br0' || fail "eth0 is no port of br0"
for port in sw-host sw-peer sw-coordinator; do
    "$tare" lab exec switch -- tc qdisc show dev "$port" | grep -q 'tbf .*rate 100Mbit burst 16.*overhead 24' ||
        fail "$port is not shaped: $("$tare" lab exec switch -- tc qdisc show dev "$port")"
done
for machine in host peer coordinator; do
    "$tare" lab exec "$machine" -- tc qdisc show dev eth0 | grep -q 'tbf .*rate 100Mbit' || fail "$machine is not shaped"
    [[ -z $("$tare" lab exec "$machine" -- ip -6 addr) ]] || fail "$machine has IPv6 addresses"
done

uptime_of() { "$tare" lab exec "$1" -- cut -d. -f1 /proc/uptime; }
here=$(cut -d. -f1 /proc/uptime) host=$(uptime_of host) peer=$(uptime_of peer) coordinator=$(uptime_of coordinator)
year=$((365 * 24 * 3600))
(( host - here > year && peer - host > year && coordinator - here < 60 )) ||
    fail "clocks: here $here, host $host, peer $peer, coordinator $coordinator"

directory=$scratch/tare/lab-paper
[[ $(stat -c %a "$directory") == 700 ]] || fail "the directory's mode"
for invite in host.invite peer.invite; do
    [[ $(stat -c %a "$directory/$invite") == 600 ]] || fail "the mode of $invite"
    grep -q 'tcp://10.77.0.1:5670' "$directory/$invite" || fail "the endpoint in $invite"
done

"$tare" lab exec host -- true || fail "exec true"
"$tare" lab exec host -- bash -c 'exit 7'; [[ $? == 7 ]] || fail "exit status is not passed on"
"$tare" lab exec host -- bash -c 'kill -TERM $$' 2>/dev/null; [[ $? == 143 ]] || fail "the signal is not passed on"
[[ $(echo word | "$tare" lab exec peer -- cat) == word ]] || fail "stdin and stdout"
[[ $(cd / && "$tare" lab exec peer -- pwd) == / ]] || fail "working directory"
[[ $("$tare" lab exec peer -- bash -c 'echo /proc/self/fd/*' 9</dev/null | wc -w) -le 4 ]] || fail "stray descriptors"
"$tare" lab exec host -- nonesuch 2>"$scratch/words" && fail "a missing program ran"
grep -q "cannot run 'nonesuch'" "$scratch/words" || fail "missing program: $(<"$scratch/words")"

# A signal to exec reaches the program, which may answer it in its own way.
"$tare" lab exec host -- bash -c 'trap "exit 9" TERM; touch '"$scratch"'/ready; while :; do sleep 0.02; done' &
exec_pid=$!
while [[ ! -e $scratch/ready ]]; do sleep 0.02; done
kill -TERM $exec_pid
wait $exec_pid; [[ $? == 9 ]] || fail "TERM did not reach the program"

"$tare" lab up paper 2>"$scratch/words" && fail "a second lab of that name"
grep -q 'tare lab down paper' "$scratch/words" || fail "second up: $(<"$scratch/words")"

namespaces paper >"$scratch/namespaces"
[[ $(wc -l <"$scratch/namespaces") == 8 ]] || fail "4 nets, pid, mnt, 2 times, but: $(<"$scratch/namespaces")"
"$tare" lab exec host -- sleep 1000 &
sleeper=$!
while ! "$tare" lab exec host -- bash -c 'grep -qs sleep /proc/[1-9]*/comm'; do sleep 0.02; done
"$tare" lab down || fail "down"
wait $sleeper; [[ $? == 137 ]] || fail "a program outlived the lab"
is_gone "$scratch/namespaces" || fail "a namespace is left"
[[ ! -e $directory ]] || fail "the directory is left"
[[ $("$tare" lab status) == "no lab is up" ]] || fail "status afterwards"
"$tare" lab exec host -- true 2>"$scratch/words" && fail "exec without a lab"
grep -q 'tare lab up' "$scratch/words" || fail "exec without a lab says: $(<"$scratch/words")"

"$tare" lab up --no-shaping --no-time-shift || fail "up without shaping and shift"
"$tare" lab exec peer -- tc qdisc show dev eth0 | grep -q tbf && fail "shaped all the same"
(( $(uptime_of peer) - $(cut -d. -f1 /proc/uptime) < 60 )) || fail "shifted all the same"
reaches lab host 10.77.0.3 || fail "host does not reach peer"
"$tare" lab down || fail "second down"
