# SPDX-License-Identifier: GPL-2.0
#
# referee.awk LIST OURS MAINLINE: compares the results on two drivers with what
# mainline.list expects of them. The last lines count, for each program and for all.

FNR == 1 { file++ }

file == 1 && (/^#/ || NF == 0) { next }

file == 1 {
	entries++
	where[entries] = $1
	pattern[entries] = $2
	gsub(/[.()]/, "\\\\&", pattern[entries])
	gsub(/\*/, ".*", pattern[entries])
	kind[entries] = $3
	reason[entries] = $0
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", reason[entries])
	next
}

{
	if (!($1 in listed)) {
		listed[$1] = 1
		order[++nr] = $1
	}
	count[file, $1, $3]++
}

file == 2 { ours[$1, $2] = $3; next }

{
	key = $1 SUBSEP $2
	why = $0
	sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "", why)
	on[key] = 1
	programs[$1] = $2 != "(all)"
	verdict = ""
	entry = known($1, $2)
	if (ours[key] == "failed" || (ours[key] == "" && $2 !~ /^\(/)) {
		verdict = "OURS FAILS"
	} else if ($3 == "failed" && entry) {
		verdict = kind[entry] ": " reason[entry]
		sub(/\?/, "", verdict)
		named++
	} else if ($3 == "failed") {
		verdict = "NOT KNOWN: " why
	} else if (entry && $3 == "ok" && kind[entry] !~ /\?$/) {
		verdict = "NO LONGER: " reason[entry]
	} else if ($3 == "skip" && why ~ /^mainline: /) {
		verdict = "fault: " substr(why, 11)
		named++
	} else if ($3 == "skip") {
		skipped++
		verdict = ours[key] == "skip" ? "" : why
	} else {
		same++
	}
	if (verdict ~ /^[A-Z]+ /)
		failed++
	if (verdict != "")
		row($1, $2, ours[key], $3, verdict)
}

# The list's entry for a test, or 0
function known(program, test, i)
{
	for (i = 1; i <= entries; i++)
		if (program == where[i] && test ~ "^" pattern[i] "$")
			return i
	return 0
}

# "passed/failed/skipped" of a program on a driver
function counts(driver, program)
{
	return sprintf("%d/%d/%d", count[driver, program, "ok"], count[driver, program, "failed"],
		       count[driver, program, "skip"])
}

function row(program, test, a, b, text)
{
	if (!rows++)
		printf "%-44s %-8s %-8s %s\n", "test", "ours", "mainline", "why"
	printf "%-44s %-8s %-8s %s\n", program "." test, a == "" ? "-" : a, b, text
}

END {
	for (key in ours) {
		split(key, part, SUBSEP)
		if (key in on)
			continue
		if (ours[key] == "failed" || programs[part[1]]) {
			row(part[1], part[2], ours[key], "-", "NOT RUN")
			failed++
		}
	}
	printf "\n%-44s %-12s %s\n", "passed/failed/skipped", "ours", "mainline"
	for (i = 1; i <= nr; i++)
		printf "%-44s %-12s %s\n", order[i], counts(2, order[i]), counts(3, order[i])
	printf "%d the same, %d differ as known\n", same, named
	printf "%d passed, %d failed, %d skipped\n", same + named, failed, skipped
	exit failed > 0
}
