# SPDX-License-Identifier: GPL-2.0
#
# Counts the individual tests in the output of run_kselftest.sh.
#
# A program's own results are nested, behind "# ". Skips count only there: a
# program all of whose tests were skipped looks like one that passed. Tests that
# were planned and never reported have failed, and so has a program that
# reports no failure and yet ends with one. A program without a plan of its own
# counts as one test. Of a failure the complaint is said, too (complaint.awk).

function failed(what)
{
	fail++
	failures[fail] = what
}

function start(name)
{
	program = name
	planned = -1
	reported = 0
	bad = 0
}

function finish(ok, skip, why,	missing)
{
	if (planned < 0 || (skip && !reported)) {
		if (skip)
			skipped++
		else if (ok)
			passed++
		else
			failed(program ": " why)
	} else {
		for (missing = planned - reported; missing > 0; missing--) {
			failed(program ": a test did not report, " why)
			bad++
		}
		if (!ok && !bad)
			failed(program ": " why)
	}
	program = ""
	finished++
}

/^1\.\.[0-9]+/ {
	programs += substr($1, 4)
}

/^# selftests: / {
	start($3 " " $4)
}

program && /^# 1\.\.[0-9]+/ {
	planned = substr($2, 4) + 0
}

program && /^# ok [0-9]+/ {
	reported++
	if ($0 ~ /# SKIP/)
		skipped++
	else
		passed++
}

program && /^# not ok [0-9]+/ {
	reported++
	bad++
	name = $0
	sub(/^# not ok [0-9]+ */, "", name)
	failed(program ": " name (complaint == "" ? "" : ": " complaint))
	complaint = ""
}

program && /^(not )?ok [0-9]+ selftests: / {
	why = $0
	if (!sub(/^.* # /, "", why))
		why = "the program failed"
	finish($1 == "ok", $0 ~ /# SKIP/, why)
}

END {
	if (program)
		finish(0, 0, "the program did not end")
	for (; finished < programs; finished++)
		failed("a program of the list did not run")
	if (!programs)
		failed("no test ran")
	if (status)
		failed("the runner ended with status " status)
	if (splats)
		failed("the kernel log has " splats " lines of warnings")
	for (i = 1; i <= fail; i++)
		print "failed: " failures[i]
	printf "%d passed, %d failed, %d skipped\n", passed, fail, skipped
	exit fail > 0
}
