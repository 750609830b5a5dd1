# SPDX-License-Identifier: GPL-2.0
#
# missed.awk LINES SOURCE...: "FILE:LINE: FUNCTION: TEXT" of each line that lines.awk says
# was missed. A function begins in the first column, as the kernel's do.

FNR == NR {
	if ($1 == "missed")
		missed[$2] = 1
	next
}

FNR == 1 {
	file = FILENAME
	sub(/^\.\//, "", file)
	name = "-"
}

/^[A-Za-z_].*\(/ && !/;$/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[^A-Za-z0-9_]/, "", name)
}

(file ":" FNR) in missed {
	text = $0
	sub(/^[ \t]+/, "", text)
	printf "%s:%d: %s: %s\n", file, FNR, name, text
}
