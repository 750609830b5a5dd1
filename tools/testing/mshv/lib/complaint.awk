# SPDX-License-Identifier: GPL-2.0
#
# To be read before ktap.awk or results.awk: "complaint" is the first that the test at
# hand said to be wrong, or one of its children, or the harness of its end.

{ sub(/\r$/, "") }

/^# selftests: / || /^# #  RUN / {
	complaint = ""
}

complaint == "" && (/^# # ([a-z_]+\/)?[a-z_0-9]+\.c:[0-9]+:/ || /: Test terminated /) {
	complaint = substr($0, 5)
}
