# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Gathers a program of the host and all it needs to start under a directory
# that becomes part of the initramfs, each file at the path it has here.

# The guest's PATH as far as it holds programs of the host; see guest/init.
readonly GUEST_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin

# collect_layout ROOT: the merged-/usr links that programs' paths rely on
collect_layout()
{
	local dir

	mkdir -p "$1"/usr/{bin,sbin,lib,lib32,lib64,libx32}
	for dir in bin sbin lib lib32 lib64 libx32; do
		[[ -e $1/$dir ]] || ln -s "usr/$dir" "$1/$dir"
	done
}

# collect_path ROOT HOST GUEST: a file or a directory, without what it needs
collect_path()
{
	local target=$1$3

	[[ -e $2 ]] || die "no such file: $2"
	mkdir -p "${target%/*}"
	if [[ -d $2 ]]; then
		mkdir -p "$target"
		cp -a -- "$2/." "$target/"
	else
		cp -Lp --remove-destination -- "$2" "$target"
	fi
}

# collect_elf_files PATH: the ELF files in a tree, or the file itself
collect_elf_files()
{
	local file magic

	find -L "$1" -type f -print0 2> /dev/null |
		while IFS= read -r -d '' file; do
			LC_ALL=C IFS= read -r -N 4 magic < "$file" || continue
			[[ $magic != $'\x7fELF' ]] || printf '%s\n' "$file"
		done 2> /dev/null
}

# collect_libraries ROOT ELF...: the shared objects that ldd names
collect_libraries()
{
	local root=$1 library

	shift
	(($#)) || return 0
	# ldd fails for static programs, which need nothing.
	ldd -- "$@" 2> /dev/null > "$root.ldd" || true
	while read -r library; do
		say "warning: shared library not found: $library"
	done < <(sed -n 's/^\t\(.*\) => not found.*/\1/p' "$root.ldd" | sort -u)
	while read -r library; do
		[[ -e $root$library ]] ||
			collect_path "$root" "$library" "$library"
	done < <(sed -n 's/^\t\(.* => \)\{0,1\}\(\/.*\) (0x.*/\2/p' \
		"$root.ldd" | sort -u)
	rm -f "$root.ldd"
}

# collect_interpreter ROOT SCRIPT: what its first line asks for
collect_interpreter()
{
	local root=$1 line interpreter argument

	LC_ALL=C IFS= read -r -n 256 line < "$2" 2> /dev/null || return 0
	[[ $line == '#!'* ]] || return 0
	read -r interpreter argument <<< "${line#??}"
	[[ $interpreter == /* && -x $interpreter ]] || return 0
	collect_program "$root" "$interpreter"
	if [[ ${interpreter##*/} == env && -n $argument ]]; then
		argument=${argument#-S }
		argument=$(PATH=$GUEST_PATH type -P "${argument%% *}") ||
			return 0
		collect_program "$root" "$argument"
	fi
}

# collect_needs ROOT PATH: libraries and interpreters of all below PATH
collect_needs()
{
	local files file

	mapfile -t files < <(collect_elf_files "$2")
	collect_libraries "$1" "${files[@]}"
	if [[ -d $2 ]]; then
		while IFS= read -r file; do
			collect_interpreter "$1" "$file"
		done < <(find "$2" -type f -perm /111)
	else
		collect_interpreter "$1" "$2"
	fi
}

# collect_program ROOT PATH: the program at its own path, and what it needs
collect_program()
{
	[[ ! -e $1$2 ]] || return 0
	collect_path "$1" "$2" "$2"
	collect_needs "$1" "$2"
}

# collect_copy ROOT HOST[:GUEST]
collect_copy()
{
	local host=${2%%:*} guest

	[[ -e $host ]] || die "--copy $2: no such file"
	guest=$(realpath -s -m -- "$host")
	[[ $2 != *:* ]] || guest=${2#*:}
	[[ $guest == /* ]] || die "--copy $2: the guest's path must be absolute"
	[[ $guest != */ ]] || guest+=${host##*/}
	collect_path "$1" "$host" "$guest"
	collect_needs "$1" "$host"
}
