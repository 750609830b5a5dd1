# SPDX-License-Identifier: GPL-2.0
#
# referee.awk LIST OURS MAINLINE: compares the results on two drivers with what
# mainline.list expects of them.

FNR == 1 { file++ }

file == 1 && (/^#/ || NF == 0) { next }

file == 1 {
	kind[$1, $2] = $3
	reason[$1, $2] = $0
	sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", reason[$1, $2])
	next
}

file == 2 { ours[$1, $2] = $3; next }

{
	key = $1 SUBSEP $2
	why = $0
	sub(/^[^ ]+ [^ ]+ [^ ]+ ?/, "", why)
	on[key] = 1
	programs[$1] = $2 != "(all)"
	verdict = ""
	if (ours[key] == "failed" || (ours[key] == "" && $2 !~ /^\(/)) {
		verdict = "OURS FAILS"
	} else if ($3 == "failed" && key in kind) {
		verdict = kind[key] ": " reason[key]
		named++
	} else if ($3 == "failed") {
		verdict = "NOT KNOWN: " why
	} else if (key in kind && $3 == "ok") {
		verdict = "NO LONGER: " reason[key]
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
	printf "%d the same, %d differ as known\n", same, named
	printf "%d passed, %d failed, %d skipped\n", same + named, failed, skipped
	exit failed > 0
}
