# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Packages of another Debian suite than the machine's, with all they depend on,
# their own libc included. apt works for them in directories of its own below the
# build directory: the machine's lists, packages and libc stay as they are.

# suite_mirror: where the machine's own packages come from
suite_mirror()
{
	local uri

	# shellcheck disable=SC2016	# apt's variables, not the shell's
	uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' \
		'Created-By: Packages' 2> /dev/null |
		sed -n 's/^Debian Debian //p' | head -n 1)
	echo "${uri:-http://deb.debian.org/debian}"
}

# suite_apt DIR COMMAND [ARGUMENT]...: apt-get in DIR/apt
suite_apt()
{
	local apt=$1/apt log=$1/apt/log

	shift
	DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes \
		-o Dir::Etc::SourceList="$apt/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$apt/state" \
		-o Dir::State::Status="$apt/status" \
		-o Dir::Cache="$apt/cache" \
		-o Dir::Log="$apt" \
		-o APT::Sandbox::User=root \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o APT::Install-Recommends=0 \
		-o Acquire::Languages=none \
		-o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
		"$@" < /dev/null > "$log" 2>&1
}

# suite_reason DIR: the first error that apt told last
suite_reason()
{
	local line

	line=$(grep -m 1 '^[EW]: ' "$1/apt/log" 2> /dev/null) || true
	echo "${line:-E: apt-get failed}"
}

# suite_lists DIR SUITE
suite_lists()
{
	local dir=$1

	rm -rf "$dir"
	mkdir -p "$dir/root" "$dir"/apt/{state/lists/partial,cache/archives/partial}
	: > "$dir/apt/status"
	echo "deb $(suite_mirror) $2 main" > "$dir/apt/sources.list"
	suite_apt "$dir" update -o APT::Update::Error-Mode=any
}

# suite_download DIR SUITE PACKAGE: DIR/*.deb, without what it depends on. Fails
# with the reason on standard output.
suite_download()
{
	if ! suite_lists "$1" "$2" || ! (cd "$1" && suite_apt "$1" download "$3"); then
		suite_reason "$1"
		return 1
	fi
	rm -r "$1/apt"
}

# suite_unpack DIR SUITE PACKAGE...: into DIR/root. Fails with the reason on
# standard output.
suite_unpack()
{
	local dir=$1 suite=$2 deb

	shift 2
	if ! suite_lists "$dir" "$suite" ||
	   ! suite_apt "$dir" --download-only install "$@"; then
		suite_reason "$dir"
		return 1
	fi
	for deb in "$dir"/apt/cache/archives/*.deb; do
		dpkg-deb --extract "$deb" "$dir/root" || return
	done
	rm -r "$dir/apt"
}

# suite_loader DIR: what a program of suite_unpack has to be started with, its loader
# and its libraries, one word a line
suite_loader()
{
	local lib=$1/root/usr/lib/x86_64-linux-gnu

	printf '%s\n' "$lib/ld-linux-x86-64.so.2" --library-path "$lib"
}
