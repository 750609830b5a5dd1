# SPDX-License-Identifier: GPL-2.0
#
# lines.awk -v top=DIRECTORY HITS BLOCKS: BLOCKS has "SECTION ADDRESS PLACE FILE:LINE";
# HITS the places that were reached, as "SECTION PLACE". Per file the number of lines
# that have code, and of those that were executed; then the others, as FILE:LINE. A line
# of which nobody can tell, see blocks.awk, is in neither.

FNR == NR {
	hit[$1, $2] = 1
	next
}

# The functions that the kernel's macros make of trace.h
$3 == "none" || index($4, top) != 1 || index($4, top "trace.c:") == 1 { next }

{
	where = substr($4, length(top) + 1)
	place = $3
	sure = !sub(/\?$/, "", place)
	if (($1, place) in hit)
		executed[where] = seen[where] = 1
	else if (sure)
		seen[where] = 1
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
