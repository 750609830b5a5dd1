# SPDX-License-Identifier: GPL-2.0
#
# blocks.awk: from "objdump -dr" of a module, "SECTION ADDRESS PLACE" for each
# instruction: PLACE is where the call at the start of its block returns to. What comes
# before the first call of a function belongs to its first block.

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
	}
	if (place == "")
		address[held++] = at
	else
		print section, at, place
}

END { flush("none") }
