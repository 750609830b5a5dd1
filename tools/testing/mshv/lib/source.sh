# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The files of a kernel's source that no other package has: the kselftest
# framework, checkpatch, the documentation's extension for Sphinx, what the
# driver gets grafted onto. They come from Debian's linux-source, taken out once.

readonly SOURCE_FILES=(
	'*/tools/testing/selftests/Makefile'
	'*/tools/testing/selftests/lib.mk'
	'*/tools/testing/selftests/kselftest.h'
	'*/tools/testing/selftests/kselftest_harness.h'
	'*/tools/testing/selftests/kselftest/*'
	'*/tools/testing/selftests/run_kselftest.sh'
	'*/scripts/subarch.include'
	'*/scripts/checkpatch.pl'
	'*/scripts/spelling.txt'
	'*/scripts/const_structs.checkpatch'
	'*/scripts/kernel-doc'
	'*/Documentation/sphinx/kerneldoc.py'
	'*/Documentation/sphinx/kernellog.py'
	'*/drivers/hv/Kconfig'
	'*/drivers/hv/Makefile'
	'*/Documentation/virt/index.rst'
	'*/Documentation/userspace-api/ioctl/ioctl-number.rst'
	'*/MAINTAINERS'
)

# source_tarball SERIES: the installed one, or a download's, on stdout
source_tarball()
{
	local name=linux-source-$1 installed=/usr/src/linux-source-$1.tar.xz tmp

	if [[ -r $installed ]]; then
		cat "$installed"
		return
	fi
	say "fetching $name"
	tmp=$(mktemp -d "$MSHV_OUT/deb.XXXXXX")
	deb_download "$tmp" "$name" &&
		dpkg-deb --fsys-tarfile "$tmp"/*.deb |
		tar --extract --to-stdout --wildcards '*/linux-source-*.tar.xz'
	rm -r "$tmp"
}

source_extract()
{
	local dir=$1 series

	cmp -s <(printf '%s\n' "${SOURCE_FILES[@]}") "$dir/.complete" && return
	series=$(kernel_default)
	rm -rf "$dir"
	mkdir -p "$dir"
	# Not all files exist in all series; what is needed is checked for.
	source_tarball "$series" | xz -dc |
		tar --extract --directory "$dir" --strip-components 1 \
			--wildcards "${SOURCE_FILES[@]}" 2> "$dir/.log" || true
	[[ -e $dir/tools/testing/selftests/lib.mk &&
	   -e $dir/scripts/checkpatch.pl ]] ||
		die "linux-source-$series is not what it was: $(cat "$dir/.log")"
	printf '%s\n' "${SOURCE_FILES[@]}" > "$dir/.complete"
}

# source_fetch: prints the directory that has SOURCE_FILES
source_fetch()
{
	local dir=$MSHV_OUT/linux-source

	with_cache_lock source_extract "$dir" || exit
	echo "$dir"
}
