# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the selftests need in the root partition: options for the tool run, one a line.
# Needs common and kernel.

# What run_kselftest.sh uses if it is there: timeout ends a program that hangs,
# perl passes on each line at once.
ksft_tools()
{
	local perl=/usr/lib/x86_64-linux-gnu/perl-base

	[[ ! -x /usr/bin/timeout ]] || echo --copy=/usr/bin/timeout
	[[ ! -x /usr/bin/perl || ! -d $perl ]] ||
		printf '%s\n' --copy=/usr/bin/perl --copy=$perl
}

# ksft_insmod DIR: the modules of tests that are there
ksft_insmod()
{
	local module

	for module in "$1"/{testhv_hvcall,fail_nth}.ko; do
		[[ ! -e $module ]] || echo "--insmod=$module"
	done
}

# ksft_module KERNEL: what tests do past the driver they do through modules of theirs,
# those that were built along with MODULE, if one was
ksft_module()
{
	local dir=$MSHV_OUT/modules/$1

	if [[ -n ${MODULE:-} && -e ${MODULE%/*}/testhv_hvcall.ko ]]; then
		dir=${MODULE%/*}
	elif [[ $1 != */* ]]; then
		"$MSHV_TOOLS/build-module" "$1" || exit
	fi
	ksft_insmod "$dir"
	# Swap; a kernel that was built for this has none.
	[[ $1 != 6.1 ]] || echo --modprobe=lzo-rle
	[[ $1 != 6.1 && $1 != 6.12 ]] || echo --modprobe=zram
}

# ksft_settings FILE: a target's settings with the time limit that this kernel needs
ksft_settings()
{
	local factor

	factor=$(kernel_time_factor "${KERNEL:-}")
	awk -F = -v OFS== -v factor="${MSHV_TIME_FACTOR:-$factor}" \
		'$1 == "timeout" { $2 *= factor } 1' "$1"
}
