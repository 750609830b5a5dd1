# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian packages that are unpacked into the build directory, not installed:
# kernel images and headers of another series than the machine's own must not
# reach its /boot, and a user who is not root can fetch them as well.

# apt_run install|update [PACKAGE]...: as root, quiet, never interactive
apt_run()
{
	local verb=$1 log=$MSHV_OUT/apt.log

	shift
	mkdir -p "$MSHV_OUT"
	if [[ $verb == install ]]; then
		apt_lists_update
		set -- --yes --no-install-recommends "$@"
	fi
	# A kernel package must not rebuild this machine's own initramfs.
	DEBIAN_FRONTEND=noninteractive INITRD=No \
		apt-get --quiet "$verb" "$@" < /dev/null > "$log" 2>&1 ||
		{ tail -n 15 "$log" >&2; return 1; }
}

# Once per process tree, and only where it can work.
apt_lists_update()
{
	[[ -z ${MSHV_APT_UPDATED:-} ]] && ((EUID == 0)) || return 0
	export MSHV_APT_UPDATED=1
	apt_run update || say "apt-get update failed, going on with old lists"
}

# apt_newest_in_series PREFIX SERIES SUFFIX: e.g. linux-image- 6.1 -cloud-amd64
# prints the newest package of that series that the enabled suites carry.
apt_newest_in_series()
{
	local prefix=$1 series=${2//./\\.} suffix=$3 name

	while read -r name; do
		if [[ -n $(apt_version "$name") ]]; then
			echo "$name"
			return
		fi
	done < <(apt-cache pkgnames "$prefix$2" 2> /dev/null |
		 grep -E "^$prefix$series\.[0-9][^-]*(-[0-9]+)?$suffix\$" |
		 sort -V -r)
	return 1
}

# apt_version PACKAGE: the version apt would install
apt_version()
{
	apt-cache policy "$1" 2> /dev/null |
		sed -n 's/^  Candidate: //p' | grep -v '^(none)$'
}

# apt_depends PACKAGE PATTERN: names PACKAGE depends on that match
apt_depends()
{
	apt-cache depends "$1" 2> /dev/null |
		sed -n 's/^[ |]*Depends: //p' | grep -E "$2" | sort -u
}

# deb_download DIR PACKAGE...
deb_download()
{
	local dir=$1

	shift
	mkdir -p "$dir"
	(cd "$dir" && apt-get --quiet -o APT::Sandbox::User=root download "$@" \
		> "$dir/download.log" 2>&1) && return
	# Old lists name packages the mirror has replaced meanwhile.
	if ((EUID == 0)) && [[ -z ${MSHV_APT_UPDATED:-} ]]; then
		apt_lists_update
		deb_download "$dir" "$@"
		return
	fi
	tail -n 5 "$dir/download.log" >&2
	say "error: could not download $*" \
	    "$( ((EUID == 0)) || echo '(as root: apt-get update)')"
	return 1
}

# apt_foreign ARCH COMMAND [ARGUMENT]...: apt-get as a machine of another architecture
# would use it, with the suites of this one, and lists of its own
apt_foreign()
{
	local arch=$1 state=$MSHV_OUT/apt-$1

	shift
	mkdir -p "$state"/{lists/partial,cache/archives/partial}
	: > "$state/status"
	apt-get --quiet -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::State="$state" -o Dir::State::Status="$state/status" \
		-o Dir::Cache="$state/cache" -o APT::Sandbox::User=root \
		-o Acquire::Languages=none "$@" < /dev/null > "$state/log" 2>&1
}

# deb_unpack_foreign ARCH DIR PACKAGE: download and unpack into DIR
deb_unpack_foreign()
{
	local arch=$1 dir=$2 tmp status=0

	say "fetching $3 for $arch"
	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/deb.XXXXXX") || return
	# Lists of suites that are not for that architecture fail, others count.
	apt_foreign "$arch" update || true
	if (cd "$tmp" && apt_foreign "$arch" download "$3"); then
		dpkg-deb --extract "$tmp"/*.deb "$dir" || status=1
	else
		tail -n 5 "$MSHV_OUT/apt-$arch/log" >&2
		status=1
	fi
	rm -r "$tmp"
	return "$status"
}

# deb_unpack DIR PACKAGE...: download and unpack into DIR
deb_unpack()
{
	local dir=$1 tmp deb status=0

	shift
	say "fetching $*"
	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/deb.XXXXXX") || return
	deb_download "$tmp" "$@" || status=1
	for deb in "$tmp"/*.deb; do
		((status == 0)) || break
		dpkg-deb --extract "$deb" "$dir" || status=1
	done
	rm -r "$tmp"
	return "$status"
}
