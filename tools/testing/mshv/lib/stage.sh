# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Named stages with times and a count of what passed, for check and .ci/run.

STAGES_PASSED=0
STAGES_FAILED=0
STAGES_SKIPPED=0
# What failed, said again at the end: of a long output that may be all that is kept.
STAGES_FAILURES=()

# stage NAME COMMAND...: a stage counts as one test
stage()
{
	local name=$1 start=$SECONDS status=0

	shift
	printf '== %s\n' "$name"
	"$@" || status=$?
	stage_end "$name" "$start" "$status"
	if ((status)); then
		STAGES_FAILED=$((STAGES_FAILED + 1))
	else
		STAGES_PASSED=$((STAGES_PASSED + 1))
	fi
}

# stage_of_tests NAME COMMAND...: a stage that counts its tests itself, in a last
# line "N passed, N failed, N skipped"
stage_of_tests()
{
	local name=$1 start=$SECONDS status=0 log line counts

	shift
	printf '== %s\n' "$name"
	log=$(mktemp)
	"$@" 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	line=$(grep -a -E '^[0-9]+ passed, ' "$log" | tail -n 1)
	mapfile -t -O "${#STAGES_FAILURES[@]}" STAGES_FAILURES < <(
		grep -a -E '^(failed: |not ok |run: error: )' "$log" |
			head -n 40 | sed "s/^/$name: /")
	rm "$log"
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]
	then
		counts=("${BASH_REMATCH[@]:1}")
	else
		counts=(0 1 0)
	fi
	# A failure that is in no test's account is one all the same.
	((status == 0 || counts[1])) || counts[1]=1
	((status || counts[1] == 0)) || status=1
	stage_end "$name" "$start" "$status"
	STAGES_PASSED=$((STAGES_PASSED + counts[0]))
	STAGES_FAILED=$((STAGES_FAILED + counts[1]))
	STAGES_SKIPPED=$((STAGES_SKIPPED + counts[2]))
}

stage_end()
{
	local verdict=ok

	if (($3)); then
		verdict="FAILED (status $3)"
		STAGES_FAILURES+=("$1: $verdict")
	fi
	printf '== %s: %s, %d s\n' "$1" "$verdict" $((SECONDS - $2))
}

# stages_beside LANE...: functions that run stages, for a machine with two CPUs, most of
# what runs having use for one. What the first says is seen at once, and of the others
# when all have come to their end.
stages_beside()
{
	local dir lane sums

	dir=$(mktemp -d)
	for lane in "${@:2}"; do
		stages_apart "$lane" "$dir/$lane.sums" > "$dir/$lane" 2>&1 &
	done
	"$1"
	wait
	for lane in "${@:2}"; do
		cat "$dir/$lane"
		sums=()
		[[ ! -e $dir/$lane.sums ]] || mapfile -t sums < "$dir/$lane.sums"
		stages_add "$lane" "${sums[@]}"
	done
	rm -r "$dir"
}

# stages_apart LANE FILE: counts for itself, and writes its sums there
stages_apart()
{
	local STAGES_PASSED=0 STAGES_FAILED=0 STAGES_SKIPPED=0 STAGES_FAILURES=()

	"$1"
	printf '%s\n' "$STAGES_PASSED $STAGES_FAILED $STAGES_SKIPPED" \
		"${STAGES_FAILURES[@]}" > "$2"
}

# stages_add LANE ["PASSED FAILED SKIPPED" [FAILURE...]]
stages_add()
{
	local counts

	read -r -a counts <<< "${2:-0 1 0}"
	STAGES_PASSED=$((STAGES_PASSED + counts[0]))
	STAGES_FAILED=$((STAGES_FAILED + counts[1]))
	STAGES_SKIPPED=$((STAGES_SKIPPED + counts[2]))
	STAGES_FAILURES+=("${@:3}")
	(($# > 1)) || STAGES_FAILURES+=("$1: did not come to its end")
}

# stages_end: failures, and the last line; fails if a test did
stages_end()
{
	((!${#STAGES_FAILURES[@]})) || printf '%s\n' "${STAGES_FAILURES[@]}"
	printf '%d passed, %d failed, %d skipped\n' \
		"$STAGES_PASSED" "$STAGES_FAILED" "$STAGES_SKIPPED"
	((STAGES_FAILED == 0))
}
