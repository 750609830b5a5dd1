# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What has to be installed on the build machine. Root gets it installed;
# everybody else is told what to install.

# Rows: set, probe (a command, or a file by its absolute path), Debian package.
packages_table()
{
	cat <<-'ROWS'
		run	qemu-system-x86_64	qemu-system-x86
		run	cpio			cpio
		run	depmod			kmod
		run	xz			xz-utils
		build	make			make
		build	gcc			gcc
		build	ld			binutils
		build	objcopy			binutils
		build	/usr/include/stdio.h	libc6-dev
		build	perl			perl
		build	xz			xz-utils
		kselftest	rsync		rsync
		check	sparse			sparse
		check	g++			g++
		check	shellcheck		shellcheck
		check	perl			perl
		check	xz			xz-utils
		docs	sphinx-build		python3-sphinx
		deb	dpkg-deb		dpkg
		deb	debootstrap		debootstrap
		gdb	gdb			gdb
		graft	bc			bc
		graft	dot			graphviz
		graft	bison			bison
		graft	flex			flex
		graft	modinfo			kmod
		graft	/usr/include/libelf.h	libelf-dev
		graft	/usr/include/openssl/ssl.h	libssl-dev
		clang	clang-19		clang-19
		clang	ld.lld-19		lld-19
		clang	llvm-ar-19		llvm-19
	ROWS
}

package_probe()
{
	case $1 in
	/*)	[[ -e $1 ]] ;;
	*)	[[ -n $(PATH=$PATH:/usr/sbin:/sbin type -P "$1") ]] ;;
	esac
}

# packages_missing SET...: the packages that are not there, one per line
packages_missing()
{
	local sets=" $* " set probe package

	packages_table | while read -r set probe package; do
		[[ $sets == *" $set "* ]] || continue
		package_probe "$probe" || echo "$package"
	done | sort -u
}

# packages_add PACKAGE...: install, or say what to install
packages_add()
{
	if ((EUID != 0)); then
		say "error: missing packages: $*"
		say "as root: apt-get install --no-install-recommends $*"
		exit "$EXIT_TOOL"
	fi
	say "installing $*"
	apt_run install "$@" || die "apt-get could not install $*"
}

# packages_need SET...
packages_need()
{
	local missing

	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]} == 0)) || packages_add "${missing[@]}"
}
