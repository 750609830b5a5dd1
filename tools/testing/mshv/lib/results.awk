# SPDX-License-Identifier: GPL-2.0
#
# The results in the output of run_kselftest.sh, one test a line:
# PROGRAM TEST ok|skip|failed [REASON]. A program of the list "programs" that does not
# run, one that ends before its plan does, a machine that goes down, and a kernel log
# with warnings (of the last program) count as tests of their own. The harness of 6.1
# does not name a test that it skips: it names it before. complaint.awk comes first.

function result(what, why)
{
	if (what == "failed" && why == "")
		why = complaint
	print program, name == "" ? "?" : name, what, why
	reported++
	name = complaint = ""
}

# The program's last word
function finish()
{
	if (program != "" && (planned == "" || reported < planned)) {
		name = name == "" ? "(end)" : name
		result("failed", "the program did not end, status " status)
	}
}

/^# selftests: / {
	finish()
	program = $4
	ran[program] = 1
	planned = name = ""
	reported = 0
}

/^# 1\.\.[0-9]+/ {
	planned = substr($2, 4) + 0
	if (match($0, /# SKIP.*/)) {
		name = "(all)"
		result("skip", substr($0, RSTART + 7))
	}
}

/^# #  RUN / {
	name = $4
	sub(/^global\./, "", name)
}

/^# (not )?ok [0-9]+/ {
	why = ""
	if (match($0, /# SKIP.*/))
		why = substr($0, RSTART + 7)
	if (name == "") {
		name = $0
		sub(/^# (not )?ok [0-9]+ */, "", name)
		sub(/ .*/, "", name)
	}
	gsub(/^ +/, "", why)
	result($2 == "not" ? "failed" : $0 ~ /# SKIP/ ? "skip" : "ok", why)
}

END {
	finish()
	if (splats) {
		name = "(log)"
		result("failed", splats " lines of warnings in the kernel log")
	}
	count = split(programs, each, " ")
	for (i = 1; i <= count; i++) {
		program = each[i]
		name = "(end)"
		if (!(program in ran))
			result("failed", "the program did not run, status " status)
	}
}
