# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What must not be in a kernel log.

readonly KLOG_SPLAT='BUG: |BUG [^ ]+ \(|kernel BUG at|WARNING: |Oops: |Kernel panic|KASAN: |UBSAN: |general protection fault|unreferenced object|not freed, |INFO: trying to register|possible (circular|recursive|irq lock)|pagealloc: |soft lockup|blocked for more than|rcu: INFO: .* stall|rmmod: '

# klog_kmsan: without those of KMSAN's reports that have nothing of the driver's in them.
# What the hypervisor writes has no value for it, and the kernel reads such things.
klog_kmsan()
{
	awk '
	/BUG: KMSAN: / { report = $0; ours = 0; next }
	report != "" && /\[mshv\]/ { ours = 1 }
	report != "" && /=====/ { if (ours) print report; report = "" }
	1
	END { if (report != "" && ours) print report }'
}

# klog_splats FILE: the lines that tell of a kernel bug. "traps:" tells of a
# program's fault, which its exit status shows and some tests provoke. Of data
# races, those of the kernel with itself are left to others.
klog_splats()
{
	[[ ! -r $1 ]] || tr -d '\r' < "$1" | grep -a -v ' traps: ' | klog_kmsan |
		grep -a -E "$KLOG_SPLAT" | awk '!/BUG: KCSAN: / || /mshv_/' || true
}

# klog_tail FILE LINES TITLE: on stderr, for a run that failed
klog_tail()
{
	[[ -s $1 ]] || return 0
	printf -- '---- last lines of %s\n' "$3" >&2
	tr -d '\r\033' < "$1" | tail -n "$2" >&2
}
