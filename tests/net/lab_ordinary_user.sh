# The way without root: a user namespace in which the user keeps its own id.
. "${BASH_SOURCE%/*}/lib.sh"
if [[ $EUID == 0 ]]; then
    [[ ! -e /usr/bin/setpriv ]] && skip "no setpriv"
    chmod 711 "$scratch"
    mkdir -m 700 "$scratch/user" && chown 65534:65534 "$scratch/user"
    as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups env XDG_RUNTIME_DIR="$scratch/user" HOME="$scratch/user" PATH=/usr/bin:/bin "$@"; }
    as_user test -x "$tare" || skip "uid 65534 may not run $tare"
    user=65534
else
    as_user() { "$@"; }
    user=$EUID
fi
clean_up()
{
    as_user "$tare" lab down --all
    rm -rf "$scratch"
}
words=$(as_user "$tare" lab up paper 2>&1) || { [[ $words == *"cannot make"* ]] && skip "$words"; fail "$words"; }
as_user "$tare" lab status | grep -q 'made as user' || fail "status says: $(as_user "$tare" lab status)"
[[ $(as_user "$tare" lab exec host -- id -u) == "$user" ]] || fail "uid in the lab: $(as_user "$tare" lab exec host -- id -u)"
as_user "$tare" lab exec host -- ip link add dummy-br type bridge || fail "no capabilities on the host"
words=$(as_user "$tare" lab exec host -- timeout 3 bash -c 'exec 3<>/dev/tcp/10.77.0.3/9' 2>&1)
[[ -z $words || $words == *"Connection refused"* ]] || fail "host does not reach peer: $words"
for machine in switch host peer coordinator; do
    as_user "$tare" lab exec $machine -- readlink /proc/self/ns/{user,net,pid,mnt}
done | sort -u >"$scratch/namespaces"
[[ $(wc -l <"$scratch/namespaces") == 7 ]] || fail "4 nets, user, pid, mnt, but: $(<"$scratch/namespaces")"
as_user "$tare" lab down || fail "down"
is_gone "$scratch/namespaces" || fail "a namespace is left"

as_user "$tare" lab up run --foreground 2>"$scratch/words" &
for try in {1..100}; do grep -qs "is up" "$scratch/words" && break; sleep 0.05; done
owner=$(ps -o pid= --ppid $!) # under the shell that runs as_user
owner=${owner// /}
for machine in switch host peer; do
    as_user "$tare" lab exec $machine -- readlink /proc/self/ns/{user,net,pid,mnt}
done | sort -u >"$scratch/namespaces"
kill -9 "$owner"
is_gone "$scratch/namespaces" || fail "kill -9 of the owner left something"
as_user "$tare" lab down run || fail "down of the dead lab"

# A system that forbids it is told by the name of its setting; the setting is of a namespace of our own.
words=$(as_user unshare -Ur bash -c 'echo 0 >/proc/sys/user/max_user_namespaces &&
    exec setpriv --bounding-set=-all --inh-caps=-all '"$tare"' lab up no 2>&1')
[[ $words == *"user.max_user_namespaces is 0"*"as root"* ]] || fail "forbidden, but it says: $words"
