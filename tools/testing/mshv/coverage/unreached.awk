# SPDX-License-Identifier: GPL-2.0
#
# unreached.awk LIST MISSED: compares what missed.awk prints with the list, which names
# lines, "FILE: FUNCTION: TEXT", below the reason, a comment. TEXT may be "*", all lines of
# the function. A line that some runs reach has "? " before it.

function complain(what, line)
{
	print what ": " line
}

FNR == NR {
	if (/^#/ || /^$/)
		next
	sometimes = sub(/^\? /, "")
	listed[$0] = sometimes
	next
}

{
	line = $0
	sub(/:[0-9]+:/, ":", line)
	all = line
	match(all, /^[^:]*: [^:]*: /)
	all = substr(all, 1, RLENGTH) "*"
	if (line in listed)
		used[line] = 1
	else if (all in listed)
		used[all] = 1
	else
		complain("not executed, without a reason", $0)
}

END {
	for (line in listed)
		if (!listed[line] && !(line in used))
			complain("executed, but listed", line)
}
