# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Whole kernel trees, from Debian's linux-source packages, for what has to be built
# in one. Needs common, packages, debian, source and suite.

# Series that the machine's own suites may not carry: the suite that does
readonly KTREE_SUITES='
	7.3	trixie-backports
'
# Large, and nothing in there is built here; what configures it has to be there.
readonly KTREE_WITHOUT=(drivers/gpu drivers/media drivers/net/ethernet
	drivers/net/wireless drivers/scsi drivers/staging sound/soc
	tools/testing/selftests/bpf)

# ktree_tarball SERIES: on standard output; fails with the reason on standard error
ktree_tarball()
{
	local series=$1 name=linux-source-$1 suite dir reason

	if [[ -r /usr/src/$name.tar.xz || -n $(apt_version "$name") ]]; then
		source_tarball "$series"
		return
	fi
	suite=$(awk -v series="$series" '$1 == series { print $2 }' \
		<<< "$KTREE_SUITES")
	[[ -n $suite ]] || { say "no Debian suite known for $name"; return 1; }
	say "fetching $name from $suite"
	dir=$(mktemp -d "$MSHV_OUT/deb.XXXXXX")
	if ! reason=$(suite_download "$dir" "$suite" "$name"); then
		rm -r "$dir"
		say "$name: $reason"
		return 1
	fi
	dpkg-deb --fsys-tarfile "$dir"/*.deb |
		tar --extract --to-stdout --wildcards '*/linux-source-*.tar.xz'
	rm -r "$dir"
}

# ktree_unpack SERIES: with the tarball's hash as .source
ktree_unpack()
{
	local series=$1 dir=$MSHV_OUT/trees/$1 exclude=() part

	[[ ! -e $dir/.source ]] || return 0
	for part in "${KTREE_WITHOUT[@]}"; do
		exclude+=("--exclude=linux-source-*/$part/*.[ch]")
	done
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	ktree_tarball "$series" > "$dir.tar.xz" &&
		tar --extract --file "$dir.tar.xz" --directory "$dir.new" \
			--strip-components 1 "${exclude[@]}" || return
	sha256sum < "$dir.tar.xz" | cut -d ' ' -f 1 > "$dir.new/.source"
	rm -rf "$dir" "$dir.tar.xz"
	mv "$dir.new" "$dir"
}

# ktree_source SERIES: the hash of the source, which is then there
ktree_source()
{
	local hash=$MSHV_OUT/trees/$1/.source known=$MSHV_CACHE/linux-source-$1.sha256

	with_cache_lock ktree_unpack "$1" >&2 || return
	mkdir -p "$MSHV_CACHE"
	# Others may be reading it.
	cp "$hash" "$known.$$" && mv "$known.$$" "$known" && cat "$hash"
}

# ktree_known_source SERIES: the hash of the source that was fetched last, here or for
# another build directory
ktree_known_source()
{
	cat "$MSHV_CACHE/linux-source-$1.sha256" 2> /dev/null || ktree_source "$1"
}

# ktree_copy SERIES|DIR COPY: a tree to change, whose files are those of the original
# until one is replaced
ktree_copy()
{
	local from=$1

	if [[ $1 != */* ]]; then
		with_cache_lock ktree_unpack "$1" || return
		from=$MSHV_OUT/trees/$1
	fi
	[[ -e $from/Kbuild ]] || { say "$from is no kernel tree"; return 1; }
	rm -rf "$2"
	mkdir -p "${2%/*}"
	cp -al "$from" "$2" 2> /dev/null || { rm -rf "$2"; cp -a "$from" "$2"; }
}
