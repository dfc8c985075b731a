#!/usr/bin/env bash
# Who may include whom, as data. A file belongs to the first group whose pattern fits it, and may
# include its own group and those that the rule names; the arrows make no cycle, which is checked.
#
#   common           base <- schema <- catalogue
#                    base <- stats, observe, netperf, command (what arguments a program takes),
#                            doctor (tries ports, so it knows sockets)
#                    base <- stamp (the kernel's stamps; what they mean needs no socket)
#                    base, stats, stamp <- flow
#                    base, schema, stats <- wire      (the messages carry points of the meter)
#                    all of it <- agent
#   agents           all of common <- workloads of node and of netserver-peer, never each other's
#   coordinator      scenario, sync, result and live know no socket, not through other headers either;
#                    archive and report see the model of result; run alone conducts;
#                    lab makes the keys of its agents with run's keyring and knows no more of run;
#                    control answers other commands within the hub's loop: run knows nothing of it;
#                    reach finds the coordinator that serves, or is it for a moment;
#                    main.c and cmd_*.c wire it up
#
# 'common' in a rule is all of common but agent, '*' all but agent and the agents' programs. Last
# column: may a file of the group, by itself or by what it includes, take in a header of sockets.
# The check is tried, below, on a tree with one planted violation of each kind.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cat >"$work/rules" <<'EOF'
# group    pattern                                          may include                                             sockets
base       common/base/                                     -                                                       no
schema     common/schema/                                   base                                                    no
options    common/command/                                  base                                                    no
doctor     common/doctor/                                   base,wall,stamp                                         yes
catalogue  common/catalogue/                                base,schema                                             no
stats      common/stats/                                    base                                                    no
observe    common/observe/                                  base                                                    yes
netperf    common/netperf/                                  base                                                    yes
wall       common/stamp/(wall|stamp_kind)\.                 base                                                    no
stamp      common/stamp/                                    base,wall                                               yes
flow       common/flow/                                     base,stats,wall,stamp                                   yes
message    common/wire/(message|check|probe|probe_window|tree|guest_life)\. base,schema,stats                                       no
wire       common/wire/                                     base,schema,stats,message                               yes
agent      common/agent/                                    common                                                  yes
node       node/                                            common,agent                                            yes
netserver  netserver-peer/                                  common,agent                                            yes
scenario   coordinator/scenario/                            base,schema,catalogue                                   no
sync       coordinator/sync/                                base,stats                                              no
model      coordinator/result/(model|summary(_[a-z]+)?|compare|comparison|sheet(_figures)?|total|facts|wire|limits(_file)?|ratio|label(_path|_confined)?|lap_figure|file_way|latency)\.  base,stats,catalogue  no
result     coordinator/result/                              base,stats,wall,catalogue,sync,message,model                 no
live       coordinator/live/                                base,stats,model,report,scenario                        no
archive    coordinator/archive/                             base,stats,model                                        no
report     coordinator/report/                              base,stats,model                                        no
keyring    coordinator/run/keyring(_[a-z]+)?\.                 base,wire,message                                       yes
run        coordinator/run/                                 common,keyring,scenario,sync,model,result,live,archive  yes
lab        coordinator/lab/                                 base,keyring                                            yes
control    coordinator/control/                             base,wire,message,keyring,sync,scenario,run             yes
endpoint   coordinator/endpoint\.                           base,wire                                               yes
node_table coordinator/(node|json)_table\.                  base,report                                             no
reach      coordinator/reach\.                              base,options,wire,message,keyring,run,lab,control       yes
labnodes   coordinator/lab_nodes\.                          base,scenario,lab                                       no
command    coordinator/(main|cmd_[a-z_]+)\.c                *                                                       yes
commands   coordinator/(commands|completion(_[a-z]+)?)\.    base,options,catalogue                                  no
view       coordinator/view\.                               base,options,stats,model,archive,report                 no
EOF

# `check ROOT RULES`: of the files named on standard input, relative to ROOT, one line a violation.
check()
{
    (cd "$1" && awk -v rules="$2" '
        function say(file, line, why) { print file ":" line ": " why }
        function group_of(file,   i) {
            for (i = 1; i <= groups; i++)
                if (match(file, "^" pattern[i])) return i
            return 0
        }
        function plain(path) { # a/b/../c -> a/c
            while (sub(/[^\/]+\/\.\.\//, "", path)) {}
            gsub(/\/\.\//, "/", path)
            return path
        }
        # The compiler looks beside the file first, then below the roots.
        function resolve(file, name,   dir, i) {
            dir = file; sub(/[^\/]*$/, "", dir)
            if (plain(dir name) in known) return plain(dir name)
            for (i = 1; i <= 4; i++)
                if (plain(root[i] "/" name) in known) return plain(root[i] "/" name)
            return ""
        }
        function visit(i,   j) { # colour: 1 on the way, 2 done
            colour[i] = 1
            for (j = 1; j <= groups; j++)
                if (allowed[i, j] && j != i) {
                    if (colour[j] == 1) say("rules", i, "a cycle: " name[i] " and " name[j])
                    else if (!colour[j]) visit(j)
                }
            colour[i] = 2
        }
        # The header of sockets that a file takes in, by itself or deeper; "" when none.
        function reaches(file,   n, parts, i, found) {
            if (file in reach) return reach[file]
            reach[file] = socket_header[file]
            n = split(children[file], parts, " ")
            for (i = 1; i <= n && reach[file] == ""; i++)
                if ((found = reaches(parts[i])) != "")
                    reach[file] = found (found ~ / / ? "" : " through " parts[i])
            return reach[file]
        }
        BEGIN {
            split("common coordinator node netserver-peer", root, " ")
            while ((getline text < rules) > 0) {
                if (text ~ /^(#|$)/) continue
                if (split(text, column, /[ \t]+/) != 4) say("rules", groups, "not four columns: " text)
                groups++
                name[groups] = column[1]; pattern[groups] = column[2]
                may[groups] = column[3]; sockets[groups] = column[4]
                number[column[1]] = groups
            }
            for (i = 1; i <= groups; i++) {
                allowed[i, i] = 1
                if (may[i] == "-") continue
                if (may[i] == "*")
                    for (j = 1; j <= groups; j++) allowed[i, j] = name[j] !~ /^(agent|node|netserver)$/
                else
                    for (j = split(may[i], wanted, ","); j > 0; j--)
                        if (wanted[j] == "common")
                            for (k = 1; k <= groups; k++) allowed[i, k] = allowed[i, k] || (pattern[k] ~ /^common\// && name[k] != "agent")
                        else if (wanted[j] in number) allowed[i, number[wanted[j]]] = 1
                        else say("rules", i, name[i] " may include " wanted[j] ", which is no group")
            }
            for (i = 1; i <= groups; i++) if (!colour[i]) visit(i)
        }
        { files[++count] = $0; known[$0] = 1 }
        END {
            for (i = 1; i <= count; i++) {
                file = files[i]
                from = group_of(file)
                if (!from) { say(file, 1, "no rule names its folder: add one to tests/static/includes.sh"); continue }
                for (line = 1; (getline text < file) > 0; line++) {
                    if (text !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/) continue
                    target = text
                    sub(/^[^<"]*[<"]/, "", target); sub(/[>"].*$/, "", target)
                    if (text ~ /^[^"]*</) {
                        if (target ~ /^(czmq|zmq|zmq_utils|netdb)\.h$|^sys\/(socket|un)\.h$|^(net|netinet|netpacket|arpa)\//) {
                            if (socket_header[file] == "") socket_header[file] = target
                            if (sockets[from] != "yes") say(file, line, name[from] " knows no sockets: <" target ">")
                        }
                        continue
                    }
                    header = resolve(file, target)
                    if (header == "") { say(file, line, "\"" target "\" is not in the tree (a library stands in <>)"); continue }
                    children[file] = children[file] " " header
                    at[file, header] = line
                    to = group_of(header)
                    if (!allowed[from, to]) say(file, line, name[from] " may not include " name[to] ": \"" target "\"")
                    else if (header ~ /\.c$/) say(file, line, "a C file is not included")
                }
                close(file)
            }
            for (i = 1; i <= count; i++) {
                file = files[i]
                from = group_of(file)
                if (!from || sockets[from] == "yes") continue
                n = split(children[file], parts, " ")
                for (j = 1; j <= n; j++) # where the path enters what may know sockets
                    if (reaches(parts[j]) != "" && sockets[group_of(parts[j])] == "yes")
                        say(file, at[file, parts[j]], name[from] " knows no sockets: " parts[j] " takes in <" reaches(parts[j]) ">")
            }
        }')
}

for folder in $programs; do tracked "$folder/*.c" "$folder/*.h"; done >"$work/files"
check "$TARE_SOURCE" "$work/rules" <"$work/files" >"$work/findings"

# ---- the check of the check: each violation below is found, and nothing else ----
mkdir "$work/tree"
cd "$work/tree" || exit 1
# `plant FILE INCLUDE...`
plant()
{
    local file=$1 header
    shift
    mkdir -p "$(dirname "$file")"
    for header in "$@"; do
        case $header in
        '<'*) echo "#include $header" ;;
        *) echo "#include \"$header\"" ;;
        esac
    done >"$file"
}
plant common/base/err.h '<stdio.h>'
plant common/stats/meter.h base/err.h
plant common/wire/message.h stats/meter.h
plant common/wire/channel.h '<czmq.h>' message.h
plant common/agent/session.h wire/channel.h
plant node/node.h agent/session.h
plant coordinator/result/model.h stats/meter.h
plant coordinator/result/raw.h wire/message.h
plant coordinator/run/keyring.h wire/channel.h
plant coordinator/run/run.h result/raw.h run/keyring.h
plant coordinator/lab/lab.h run/keyring.h '<sys/socket.h>'
plant coordinator/cmd_run.c run/run.h lab/lab.h '<zmq.h>'
find . -name '*.[ch]' -printf '%P\n' | sort >"$work/good"
check . "$work/rules" <"$work/good" | sed 's/^/the check itself: found without cause: /' >>"$work/findings"

plant common/base/bad.c stats/meter.h
plant common/stats/bad.c wire/message.h
plant common/wire/bad.c stats/meter.h agent/session.h
plant node/bad.c ../netserver-peer/bad.h
plant netserver-peer/bad.h node.h ../node/node.h
plant coordinator/cmd_bad.c agent/session.h
plant coordinator/run/bad.c agent/session.h
plant coordinator/scenario/bad.c '<stdio.h>' '<netinet/tcp.h>'
plant coordinator/sync/bad.c run/run.h
plant coordinator/live/bad.c archive/archive.h result/raw.h
plant coordinator/archive/archive.h result/raw.h
plant coordinator/report/report.h archive/archive.h
plant coordinator/lab/bad.c run/run.h
plant coordinator/result/bad.c wire/channel.h
plant coordinator/result/raw.h wire/message.h
plant common/wire/probe.h wire/channel.h
plant coordinator/new/bad.c base/err.h
plant coordinator/bad.c run/run.h
find . -name '*.[ch]' -printf '%P\n' | sort >"$work/all"
check . "$work/rules" <"$work/all" | sed -E 's/: ([a-z]+) (may not include|knows no sockets).*/: \2/; s/: no rule.*/: no rule/; s/: "[^"]*" is not.*/: unknown/' |
    sort -u >"$work/found"
cat >"$work/wanted" <<'EOF'
common/base/bad.c:1: may not include
common/stats/bad.c:1: may not include
common/wire/bad.c:2: may not include
common/wire/probe.h:1: knows no sockets
common/wire/probe.h:1: may not include
coordinator/archive/archive.h:1: may not include
coordinator/bad.c:1: no rule
coordinator/cmd_bad.c:1: may not include
coordinator/lab/bad.c:1: may not include
coordinator/live/bad.c:1: may not include
coordinator/live/bad.c:2: may not include
coordinator/new/bad.c:1: no rule
coordinator/report/report.h:1: may not include
coordinator/result/bad.c:1: knows no sockets
coordinator/result/bad.c:1: may not include
coordinator/run/bad.c:1: may not include
coordinator/scenario/bad.c:2: knows no sockets
coordinator/sync/bad.c:1: knows no sockets
coordinator/sync/bad.c:1: may not include
netserver-peer/bad.h:1: may not include
netserver-peer/bad.h:2: may not include
node/bad.c:1: may not include
EOF
diff "$work/found" "$work/wanted" |
    sed -nE 's/^< /the check itself: found without cause: /p; s/^> /the check itself: planted and not found: /p' >>"$work/findings"
# ... and a cycle in the rules.
sed 's/^\(base .*\) - /\1 stats /' "$work/rules" >"$work/cycle"
check . "$work/cycle" <"$work/good" | grep -q 'a cycle: ' || echo 'the check itself: a cycle in the rules was not found' >>"$work/findings"

conclude "$work/findings" "$(wc -l <"$work/files")" "C files"
