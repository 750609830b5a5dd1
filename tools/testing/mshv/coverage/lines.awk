# SPDX-License-Identifier: GPL-2.0
#
# lines.awk -v top=DIRECTORY HITS BLOCKS: BLOCKS has "SECTION ADDRESS PLACE FILE:LINE";
# HITS the places that were reached, as "SECTION PLACE". Per file the number of lines
# that have code, and of those that were executed; then the others, as FILE:LINE.

FNR == NR {
	hit[$1, $2] = 1
	next
}

$3 == "none" || index($4, top) != 1 { next }

{
	where = substr($4, length(top) + 1)
	seen[where] = 1
	if (($1, $3) in hit)
		executed[where] = 1
}

END {
	for (where in seen) {
		file = where
		sub(/:.*/, "", file)
		lines[file]++
		all++
		if (where in executed) {
			good[file]++
			allgood++
		} else {
			print "missed", where
		}
	}
	for (file in lines)
		printf "file %s %d %d\n", file, good[file], lines[file]
	printf "total - %d %d\n", allgood, all
}
