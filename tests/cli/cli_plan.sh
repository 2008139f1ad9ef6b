#!/bin/sh
# conv4 plan at a given speed: places, teams, several machines, scaling, as text and as JSON.
# usage: cli_plan.sh PROGRAM
# shellcheck source=./tests/harness/shell.sh
. "$(dirname "$0")/../harness/shell.sh"
needs python3

machine="pack:2 [numa] l3:8 core:8 pu:2"
plan() {
    bare "$program" plan --scale paper --out none --topology "$machine" --speed 2500,8000,0.1,0.03 \
        --backend ref "$@"
}

# holds FILE WHAT CONDITION: what the plan in a file says of itself, as an expression of Python.
holds() {
    python3 -c 'import json, sys
plan = json.load(open(sys.argv[1]))
stays = [stay for run in plan["runs"] for stay in run["stays"]]
rows = plan.get("scaling", [])
if not eval(sys.argv[2]):
    del plan["runs"]
    sys.exit(json.dumps(plan))' "$1" "$3" >said 2>&1 || fail "$2: not $3: $(cat said)"
}

# Teams of assumed speed: 128 cores are worth more than one core for each run.
plan --json --scaling >teams.json 2>said || fail "plan --json: $(cat said)"
holds teams.json teams 'plan["teams"] == {"widest": 8, "of_ideal": [1, .95, .88, .75], "source": "assumed"}'
holds teams.json teams 'plan["places"] == 128 and plan["machines"] == 1 and plan["busy"] > .7'
holds teams.json teams 'plan["bound_seconds"] <= plan["seconds"] and max(s["places"] for s in stays) == 8'
holds teams.json teams 'len(plan["runs"]) == 105 and all(s["place"] // 8 == (s["place"] + s["places"] - 1) // 8 for s in stays)'
# With --threads each run has one place.
plan --json --threads 1 >singles.json 2>said || fail "plan --threads 1: $(cat said)"
holds singles.json singles 'plan["teams"]["widest"] == 1 and plan["busy"] < .3'
holds singles.json singles 'len(stays) == 105 and all(s["places"] == 1 for s in stays)'
# More places, less time; teams that lose less make it shorter on many.
holds teams.json scaling '[r["places"] for r in rows] == [1, 2, 4, 8, 16, 32, 64, 128]'
holds teams.json scaling 'all(a["seconds"] > b["seconds"] for a, b in zip(rows, rows[1:]))'
holds teams.json scaling 'rows[-1]["seconds_losses_less"] < rows[-1]["seconds"] < rows[-1]["seconds_losses_more"]'
holds teams.json scaling 'rows[-1]["seconds"] == plan["seconds"] and all(r["busy"] < 1.0001 for r in rows)'

# Given speeds; machines that share the study: no run trains on two.
plan --json --team-speeds 0.9,0.7,0.4 --nodes 2 --workers 4 >given.json 2>said || fail "--nodes: $(cat said)"
holds given.json machines 'plan["places"] == 8 and plan["machines"] == 2'
holds given.json machines 'plan["teams"]["source"] == "given" and plan["teams"]["of_ideal"][3] == .4'
holds given.json machines 'all(s["place"] // 4 == (s["place"] + s["places"] - 1) // 4 for s in stays)'
plan --nodes 2 >text 2>said || fail "the text: $(cat said)"
grep -q '^105 runs on 256 places of 2 machines: predicted time' text || fail "the text says $(tail -n 1 text)"
grep -q '^Teams of 2, 4, 8 places have 95, 88, 75 % of ideal speed (assumed)' text || fail "no speeds: $(tail -n 2 text)"
grep -q 'at a given speed: 2500 training images/s' text || fail "no speed: $(head -n 1 text)"
plan --scaling >text 2>said || fail "--scaling: $(cat said)"
grep -qE '^ +128 +[0-9:]+ +[78][0-9] % +[0-9:]+ +runs +[0-9:]+ +[0-9:]+$' text || fail "the table: $(cat text)"

grep -q '^Limit: fewer runs than places, whose teams lose time. About 24 seeds, not 5, would keep 128 places busy.$' text ||
    fail "what limits 128 places: $(tail -n 1 text)"
# What limits: the work, runs that are too few, the longest chain; and seeds that fill the places.
holds teams.json limits '[r["limit"] for r in rows] == 6 * ["work"] + 2 * ["runs"] and plan["limit"] == "runs"'
plan --nodes 4 >text 2>said || fail "four machines: $(cat said)"
grep -q '^Limit: the longest chain of runs, [0-9:]* in the fastest team; more places make nothing faster. About 94 seeds' text ||
    fail "what limits 512 places: $(tail -n 1 text)"
plan --nodes 4 --seeds 1-94 --json >filled.json 2>said || fail "94 seeds: $(cat said)"
holds filled.json filled 'plan["limit"] == "work" and plan["busy"] > .95'
plan --threads 1 --nodes 4 >text 2>said || fail "one place for each run: $(cat said)"
grep -q '^Limit: the longest chain of runs, [0-9:]*; more places' text || fail "single places: $(tail -n 1 text)"

# With a measurement: memory, and its traffic, where the backend counts it.
bare "$program" plan --scale smoke --figures 1 --seeds 1 --out none --json --nodes 3 \
    --topology "pack:2 [numa] l3:2 core:4 pu:1" >measured.json 2>said || fail "measured: $(cat said)"
holds measured.json memory '0 < plan["memory"]["worker_bytes"] < plan["memory"]["sum_bytes"]'
holds measured.json nodes '[n["places"] for n in plan["memory"]["nodes"]] == [8, 8] and plan["memory"]["limit"] is None'
holds measured.json nodes 'all(n["has_bytes"] is None for n in plan["memory"]["nodes"])'
holds measured.json nodes 'all(8 * plan["memory"]["worker_bytes"] < n["bytes"] < plan["memory"]["sum_bytes"] for n in plan["memory"]["nodes"])'
bare "$program" plan --scale smoke --figures 1 --seeds 1 --out none \
    --topology "pack:2 [numa(memory=3GB)] l3:2 core:16 pu:1" >text 2>said || fail "memory of nodes: $(cat said)"
grep -q '^Memory: .*; the machine has 6.0 GB, which does not suffice\.$' text || fail "the machine: $(grep ^Memory text)"
grep -qE '^Each of the NUMA nodes 0 to 1: [0-9.]+ GB for 32 workers, .*; it has 3.0 GB: a part of it will lie' text ||
    fail "the nodes: $(cat text)"
# Of a machine's two nodes only one has workers.
bare "$program" plan --scale smoke --figures 1 --seeds 1 --out none --places core,compact --workers 2 \
    --topology "pack:2 [numa(memory=3GB)] l3:2 core:16 pu:1" >text 2>said || fail "one node: $(cat said)"
grep -q '^Memory: .*; the machine has 6.0 GB\.$' text || fail "the machine: $(grep ^Memory text)"
grep -q '^NUMA node 0: .*; it has 3.0 GB\.$' text || fail "the node: $(cat text)"
if grep -q '"traffic"' measured.json; then
    holds measured.json traffic 'plan["traffic"]["node_places"] == 8 and plan["traffic"]["place_bytes_per_s"] > 1e6'
    holds measured.json traffic 'abs(plan["traffic"]["node_bytes_per_s"] / plan["traffic"]["place_bytes_per_s"] - 8) < 1e-9'
fi

expect 2 'speeds of teams of 2, 4 and 8 workers as parts of ideal, at most 1' plan --team-speeds 0.9,0.8
expect 2 'speeds of teams of 2, 4 and 8 workers' plan --team-speeds 0.9,0.8,nan
expect 2 'no teams are formed with --threads' plan --team-speeds 0.9,0.8,0.7 --threads 2
expect 2 '--speed takes four numbers' plan --speed 2500,8000,0.1
expect 2 '--speed takes four numbers' plan --speed 0,8000,0.1,1
expect 2 '' plan --nodes 0
[ ! -e none ] || fail "plan made a folder"
