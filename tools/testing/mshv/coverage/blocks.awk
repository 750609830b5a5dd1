# SPDX-License-Identifier: GPL-2.0
#
# blocks.awk FILE FILE: from "objdump -dr" of a module, "SECTION ADDRESS PLACE" for each
# instruction: PLACE is where the call at the start of its block returns to. What comes
# before the first call of a function belongs to its first block. Where the compiler has
# merged the ends of blocks, others jump to behind the call; PLACE has a "?" from there
# on, as the instructions may be executed without it.

function flush(place,	i)
{
	for (i = 0; i < held; i++)
		print section, address[i], place
	held = 0
}

/^Disassembly of section / {
	flush("none")
	section = $4
	sub(/:$/, "", section)
	place = ""
	next
}

FNR == NR {
	if ($2 ~ /^j/ && $3 ~ /^[0-9a-f]+$/)
		target[section, $3] = 1
	next
}

# a function
/^[0-9a-f]+ <.*>:$/ {
	flush("none")
	place = ""
	next
}

/R_X86_64_.*__sanitizer_cov_trace_pc/ {
	called = 1
	next
}

/^ *[0-9a-f]+:\t/ {
	at = $1
	sub(/:$/, "", at)
	if (called) {
		place = at
		flush(place)
		called = 0
	} else if (place != "" && place !~ /\?$/ && (section, at) in target) {
		place = place "?"
	}
	if (place == "")
		address[held++] = at
	else
		print section, at, place
}

END { flush("none") }
