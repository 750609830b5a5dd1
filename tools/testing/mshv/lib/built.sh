# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Kernels that no package has: built from Debian's linux-source with the fragments
# of configs/. An archive of each is kept apart from the build directory, named by
# what it was made of: source, configuration, compiler. Needs common, packages,
# debian, source, suite, ktree and kernel.

readonly BUILT_CONFIGS=$MSHV_TOOLS/configs
readonly BUILT_FORMAT=1		# of the archive

# built_fragments NAME: their files
built_fragments()
{
	local name

	for name in root ${1//-/ }; do
		[[ $name == [0-9]* ]] || echo "$BUILT_CONFIGS/$name.config"
	done
}

built_need_fragments()
{
	local fragment

	while read -r fragment; do
		[[ -r $fragment ]] ||
			die "no such kernel: $1 (no ${fragment#"$MSHV_TOP"/})"
	done < <(built_fragments "$1")
}

# built_config NAME: what the fragments say, without the reasons
built_config()
{
	local fragments

	mapfile -t fragments < <(built_fragments "$1")
	sed -E 's/[[:space:]]*#.*//; /^$/d' "${fragments[@]}"
	echo "CONFIG_LOCALVERSION=\"-mshv${1#"${1%%-*}"}\""
}

# built_kmake NAME TREE MAKE-ARGUMENT...: with the compiler that the kernel needs
built_kmake()
{
	local compiler

	compiler=$(kernel_says "$1" Compiler)
	make -s -C "$2" ${compiler:+"$compiler"} "${@:3}"
}

built_need_compiler()
{
	packages_need build graft
	[[ -z $(kernel_says "$1" Compiler) ]] || packages_need clang
}

# built_compiler NAME: its version
built_compiler()
{
	local compiler

	compiler=$(kernel_says "$1" Compiler)
	case $compiler in
	LLVM=*)	"clang${compiler#LLVM=}" --version ;;
	*)	gcc --version ;;
	esac
}

# built_archive NAME SOURCE: the archive's path
built_archive()
{
	local hash

	hash=$({
		echo "$BUILT_FORMAT $2"
		built_compiler "$1" | head -n 1
		built_config "$1"
	} | sha256sum)
	echo "$MSHV_CACHE/linux-$1-${hash::16}.tar.gz"
}

# built_configure TREE NAME: fails if the kernel knows an option of the fragments
# and yet has it otherwise
built_configure()
{
	local tree=$1 config=$1.config line name status=0

	built_config "$2" > "$config"
	built_kmake "$2" "$tree" KCONFIG_ALLCONFIG="$config" allnoconfig || return
	while read -r line; do
		name=${line%%=*}
		! grep -qxF "$line" "$tree/.config" || continue
		[[ $line == *=n ]] && ! grep -q "^$name=" "$tree/.config" && continue
		grep -rqxE --include='Kconfig*' "(menu)?config ${name#CONFIG_}" \
			"$tree" || continue
		say "not in the configuration: $line"
		status=1
	done < "$config"
	return "$status"
}

# built_prepared NAME: prints a tree with the kernel's headers, for what is compiled
# and never linked; a matter of minutes, unlike the kernel itself
built_prepared()
{
	local tree=$MSHV_OUT/kernels/prepared-$1

	built_need_fragments "$1"
	built_need_compiler "$1"
	if ! cmp -s <(built_config "$1") "$tree/.prepared"; then
		ktree_copy "${1%%-*}" "$tree" &&
		built_configure "$tree" "$1" >&2 &&
		built_kmake "$1" "$tree" -j "$(nproc)" prepare modules_prepare >&2 ||
			return
		mv "$tree.config" "$tree/.prepared"
	fi
	echo "$tree"
}

# built_install NAME TREE ROOT: image, modules, and as headers what modules are built
# with
built_install()
{
	local tree=$2 root=$3 release

	release=$(built_kmake "$1" "$tree" kernelrelease) || return
	mkdir -p "$root/boot" "$root/headers"
	echo "$release" > "$root/release"
	cp "$tree/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$release" &&
	cp "$tree/.config" "$root/boot/config-$release" &&
	PATH=$PATH:/usr/sbin:/sbin built_kmake "$1" "$tree" INSTALL_MOD_PATH="$root" \
		modules_install || return
	rm -f "$root/lib/modules/$release"/{build,source}
	(cd "$tree" && find .config Module.symvers Makefile arch/x86/Makefile* \
		arch/x86/include include scripts tools/objtool/objtool \
		! -type d ! -name '*.o' ! -name '.*.cmd' ! -name '*.d' -print0 |
		cpio --quiet --null -pdm "$root/headers")
}

# built_make NAME ARCHIVE
built_make()
{
	local tree=$MSHV_OUT/kernels/build-$1 log=$MSHV_OUT/kernels/build-$1.log

	say "building the kernel $1, once: that takes some 20 minutes"
	rm -rf "$tree.root"
	if ktree_copy "${1%%-*}" "$tree" && built_configure "$tree" "$1" &&
	   built_kmake "$1" "$tree" -j "$(nproc)" bzImage modules > "$log" 2>&1 &&
	   built_install "$1" "$tree" "$tree.root" >> "$log" 2>&1; then
		tar --create --gzip --owner 0 --group 0 -C "$tree.root" \
			--file "$2.new" . && mv "$2.new" "$2" || return
		rm -rf "$tree" "$tree.root" "$tree.config"
		return
	fi
	[[ ! -e $log ]] || tail -n 20 "$log" >&2
	die "the kernel $1 does not build (see $tree)"
}

# Prints the archive's path. A build of the same kernel in another build directory is
# waited for.
built_ensure()
{
	local series=${1%%-*} source archive

	mkdir -p "$MSHV_CACHE"
	(
		flock 8
		source=$(ktree_known_source "$series") || exit "$EXIT_TOOL"
		archive=$(built_archive "$1" "$source")
		if [[ ! -e $archive ]]; then
			source=$(ktree_source "$series") || exit "$EXIT_TOOL"
			archive=$(built_archive "$1" "$source")
		fi
		[[ -e $archive ]] || built_make "$1" "$archive" >&2 || exit "$EXIT_TOOL"
		echo "$archive"
	) 8> "$MSHV_CACHE/.lock-$1"
}

# built_unpack NAME ARCHIVE: as kernel_fetch() and kernel_fetch_headers() leave it
built_unpack()
{
	local dir

	dir=$(kernel_dir "$1")
	[[ ! -e $dir/built || $(< "$dir/built") != "$2" ]] || return 0
	# What was made with another kernel of that name goes as well.
	rm -rf "$dir" "$MSHV_OUT/modules/$1"
	mkdir -p "$dir"
	tar --extract --touch --no-same-owner -C "$dir" --file "$2" ||
		die "$2 is damaged"
	echo "$2" > "$dir/built"
}

# built_fetch NAME
built_fetch()
{
	local archive

	built_need_fragments "$1"
	built_need_compiler "$1"
	archive=$(built_ensure "$1") || exit
	with_cache_lock built_unpack "$1" "$archive"
}
