# Steps that say `optional: true` are left out where they cannot be run, each with one line; the others run.
. "$(dirname "$0")/lib.sh"
need_lab
export XDG_CACHE_HOME=$scratch/cache
mkdir "$scratch/tree"
echo 'all: ; @true' >"$scratch/tree/Makefile"
steps()
{
    printf 'tare: 1\nname: some\nnodes: {host: {role: host}}\nrepeats: 2\nsteps:\n' >"$scratch/scenario.yaml"
    printf '  - {on: host, %s}\n' "name: cpu, run: cpu, test: idea, length: 10ms, runs_least: 5, runs_most: 5" "$@" \
        >>"$scratch/scenario.yaml"
}
lines() { grep -c "left out" "$scratch/err"; }

# What is not here is known before anything begins; so many cells have one line.
steps "name: far, run: compile, source: /nowhere/at/all, optional: true, matrix: {jobs: [1, 2]}"
run 0 --lab "$scratch/scenario.yaml"
want '.status == "complete" and (.trials | length) == 2 and ([.steps[].name] == ["cpu"])'
want '.left_out == ["far[jobs=1]: source /nowhere/at/all: No such file or directory",
                    "far[jobs=2]: source /nowhere/at/all: No such file or directory"]'
says err "left out: far[jobs=1], far[jobs=2]: source /nowhere/at/all: No such file or directory"
says out "left out"
[ "$(lines)" = 1 ] || fail "$(lines) lines"

# What a node cannot make ready turns out in the first round; of the step no more is tried, and nothing is archived.
command -v make >/dev/null && command -v cc >/dev/null || skip "no make and cc for the rest"
steps "name: nowhere, run: compile, source: $scratch/tree, directory: /nowhere/at/all, optional: true"
run 0 --lab "$scratch/scenario.yaml"
want '.status == "complete" and ([.trials[].step] | unique) == ["cpu"] and (.trials | length) == 2'
want '(.left_out | length) == 1 and (.left_out[0] | startswith("nowhere: host: ") and contains("/nowhere/at/all"))'
[ "$(lines)" = 1 ] || fail "$(lines) lines"

# Without the word it is an error, or a trial that failed.
sed 's/, optional: true//' "$scratch/scenario.yaml" >"$scratch/must.yaml"
run 5 --lab "$scratch/must.yaml"
want '.left_out == null and ([.trials[] | select(.step == "nowhere") | .partial] == [true, true])'

# A scenario of which nothing is left is none.
steps "name: far, run: compile, source: /nowhere/at/all, optional: true"
sed -i '/name: cpu/d' "$scratch/scenario.yaml"
run 2 --lab "$scratch/scenario.yaml"
says err "no step is left: source /nowhere/at/all: No such file or directory"
