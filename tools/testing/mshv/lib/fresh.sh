# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# A Debian as it comes, below the build directory, to work in as root: in $root, of
# the release $suite, with logs in $dir. Needs common and suite.

skip()
{
	say "SKIP: $*"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

# inside COMMAND [ARGUMENT]...: in the fresh Debian, nothing of ours in its environment,
# with /proc and /dev, which go when the command ends
inside()
{
	# shellcheck disable=SC2016	# expands in there
	unshare --mount --propagation private sh -euc '
		root=$1; shift
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		exec "$@"' sh "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
		INITRD=No chroot "$root" "$@"
}

# logged LOG COMMAND...
logged()
{
	local log=$dir/$1

	shift
	"$@" > "$log" 2>&1 < /dev/null && return
	tail -n 25 "$log"
	return 1
}

bootstrap()
{
	local cache=$MSHV_OUT/debootstrap

	rm -rf "$root"
	mkdir -p "$cache" "$dir"
	PATH=$PATH:/usr/sbin debootstrap --variant=minbase \
		--cache-dir="$cache" "$suite" "$root" "$(suite_mirror)" \
		> "$dir/debootstrap.log" 2>&1 < /dev/null ||
		skip "debootstrap of $suite failed: $(tail -n 1 "$dir/debootstrap.log")"
	# The machine's own lists may name a mirror, and security updates with it.
	cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2> /dev/null
	cp /etc/resolv.conf "$root/etc/resolv.conf" 2> /dev/null
	# What cannot run here must not be started.
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	logged apt-update.log inside apt-get -q update
}
