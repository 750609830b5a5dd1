# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Paths and messages shared by the scripts of this directory.
#
# O names the build directory (default: build/ at the top of the tree), as in
# the kernel's own Makefile. Everything the scripts write lands there.

MSHV_TOP=$(cd "${BASH_SOURCE[0]%/*}/../../../.." && pwd -P)
MSHV_TOOLS=$MSHV_TOP/tools/testing/mshv
MSHV_OUT=$(realpath -m -- "${O:-$MSHV_TOP/build}")
# What took long to make and outlives the build directory
MSHV_CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mshv

# The tool's own failures; a status below 120 is always the program's.
readonly EXIT_TESTHV=120	# testhv reported an error or a fault
readonly EXIT_BOOT=121		# the boot hung, or the machine went down
readonly EXIT_NOT_ROOT=122	# the kernel did not become root partition
readonly EXIT_MODULE=123	# the module did not load
readonly EXIT_TIMEOUT=124	# the program ran into --timeout
readonly EXIT_TOOL=125		# bad usage, missing packages, no QEMU
readonly EXIT_KLOG=126		# --strict, and the kernel log has a splat

say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die()
{
	say "error: $*"
	exit "$EXIT_TOOL"
}

# fresh TARGET SOURCE...: TARGET exists and no SOURCE is newer
fresh()
{
	local target=$1 source

	[[ -e $target ]] || return 1
	shift
	for source; do
		[[ ! $source -nt $target ]] || return 1
	done
}

# Serialises what writes the shared caches; dropped when the subshell ends.
with_cache_lock()
{
	mkdir -p "$MSHV_OUT"
	(
		flock 9
		"$@"
	) 9> "$MSHV_OUT/.lock"
}

# What make says to its own children is not for the makes started from here.
unset MAKEFLAGS MFLAGS MAKELEVEL
