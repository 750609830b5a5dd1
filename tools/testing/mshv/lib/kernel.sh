# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The kernels that boot as root partition: Debian's stock cloud flavour, by
# series; those built here (built.sh), by series or SERIES-FRAGMENT, with
# configs/root.config and configs/FRAGMENT.config; or any image by its path.

readonly KERNEL_SERIES="6.1 6.12"
# Debian has these as well, but they cannot be root
readonly KERNEL_BUILT="7.3"

# kernel_is_built NAME: as against a series of Debian's, or a release
kernel_is_built()
{
	[[ " $KERNEL_BUILT " == *" $1 "* || $1 =~ ^[0-9]+\.[0-9]+(-[a-z][a-z0-9]*)+$ ]]
}

# kernel_says NAME KEY: what the comments of its fragments say, "# KEY: VALUE", a line each
kernel_says()
{
	local fragment

	for fragment in ${1//-/ }; do
		fragment=$MSHV_TOOLS/configs/$fragment.config
		[[ ! -r $fragment ]] || sed -n "s/^# $2: //p" "$fragment"
	done
}

# kernel_time_factor NAME: how many times slower than the others it is
kernel_time_factor()
{
	local factor=1 times

	while read -r times; do
		factor=$((factor * times))
	done < <(kernel_says "$1" "Time factor")
	echo "$factor"
}

# kernel_memory NAME: what the machine has for it by default
kernel_memory()
{
	local memory

	memory=$(kernel_says "$1" Memory)
	echo "${memory:-2G}"
}

kernel_dir()
{
	echo "$MSHV_OUT/kernels/$1"
}

# kernel_release SERIES: e.g. 6.1.0-56-cloud-amd64; of a kernel built here, once
# it has been fetched
kernel_release()
{
	local known name

	known=$(kernel_dir "$1")/release
	if [[ -s $known ]]; then
		cat "$known"
		return
	fi
	! kernel_is_built "$1" || return
	name=$(apt_newest_in_series linux-image- "$1" -cloud-amd64)
	if [[ -z $name ]]; then
		apt_lists_update
		name=$(apt_newest_in_series linux-image- "$1" -cloud-amd64)
	fi
	[[ -n $name ]] || return
	mkdir -p "${known%/*}"
	echo "${name#linux-image-}" | tee "$known"
}

# kernel_default: the first series that this Debian release carries
kernel_default()
{
	local series

	for series in $KERNEL_SERIES; do
		if kernel_release "$series" > /dev/null; then
			echo "$series"
			return
		fi
	done
	die "no kernel of the series $KERNEL_SERIES in apt's lists"
}

# kernel_guest NAME|PATH: the kernel of guests, given that of the root: the same, but
# those built here have no drivers for guests
kernel_guest()
{
	if kernel_is_built "$1"; then
		kernel_default
	else
		echo "$1"
	fi
}

kernel_need_series()
{
	[[ " $KERNEL_SERIES " == *" $1 "* ]] ||
		die "no such kernel: $1 (know $KERNEL_SERIES $KERNEL_BUILT or a path)"
	[[ -n $(kernel_release "$1") ]] ||
		die "this Debian release has no $1 kernel in its enabled suites"
}

# kernel_fetch_image SERIES: image and modules
kernel_fetch_image()
{
	local dir release

	kernel_need_series "$1"
	dir=$(kernel_dir "$1")
	release=$(kernel_release "$1")
	[[ ! -e $dir/boot/vmlinuz-$release ||
	   ! -e $dir/lib/modules/$release/modules.dep ]] || return 0
	deb_unpack "$dir" "linux-image-$release" || exit "$EXIT_TOOL"
	# Debian 13's package has /usr/lib/modules.
	[[ -e $dir/lib ]] || ln -s usr/lib "$dir/lib"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$dir" "$release"
}

# kernel_unpack_headers SERIES: what builds modules for kernel_fetch_image's image
kernel_unpack_headers()
{
	local dir release headers packages

	kernel_need_series "$1"
	dir=$(kernel_dir "$1")
	release=$(kernel_release "$1")
	headers=$dir/usr/src/linux-headers-$release
	if [[ ! -e $dir/headers ]]; then
		mapfile -t packages < <(apt_depends "linux-headers-$release" \
			'^linux-(headers-.*-common|kbuild-.*)$')
		deb_unpack "$dir" "linux-headers-$release" "${packages[@]}" ||
			exit "$EXIT_TOOL"
		# The one absolute path in there is the common tree's.
		sed -i "s|^include /usr/src/|include $dir/usr/src/|" \
			"$headers/Makefile"
		# With it, kbuild wants pahole for BTF of each module.
		rm -f "$headers/vmlinux"
		ln -s "${headers#"$dir"/}" "$dir/headers"
	fi
	kernel_need_compiler "$headers"
}

# kernel_fetch NAME: image and modules
kernel_fetch()
{
	if kernel_is_built "$1"; then
		built_fetch "$1"
	else
		with_cache_lock kernel_fetch_image "$1"
	fi
}

# kernel_fetch_headers NAME
kernel_fetch_headers()
{
	if kernel_is_built "$1"; then
		built_fetch "$1"
	else
		with_cache_lock kernel_unpack_headers "$1"
	fi
}

# kernel_fetch_headers_arm64 SERIES: what cross-compiles modules for the same kernel
# of arm64. Most of it is for all architectures, and the programs are this one's.
kernel_fetch_headers_arm64()
{
	local dir release headers

	kernel_unpack_headers "$1"
	dir=$(kernel_dir "$1")
	release=$(kernel_release "$1")
	release=${release%-amd64}-arm64
	headers=$dir/usr/src/linux-headers-$release
	if [[ ! -e $dir/headers-arm64 ]]; then
		deb_unpack_foreign arm64 "$dir" "linux-headers-$release" ||
			exit "$EXIT_TOOL"
		sed -i "s|^include /usr/src/|include $dir/usr/src/|" \
			"$headers/Makefile"
		rm -f "$headers/vmlinux"
		ln -s "${headers#"$dir"/}" "$dir/headers-arm64"
	fi
	kernel_need_compiler "$headers" aarch64-linux-gnu
}

# kernel_need_compiler HEADERS [TARGET]: each kernel names the compiler that built it
kernel_need_compiler()
{
	local cc

	cc=$(sed -n 's/^CC = .*\(gcc-[0-9]*\)$/\1/p' "$1/.kernelvariables")
	[[ -z $cc ]] || package_probe "${2:+$2-}$cc" || packages_add "$cc${2:+-$2}"
}

# kernel_image_release IMAGE: the release in a bzImage's own header
kernel_image_release()
{
	local offset

	[[ $(od -An -c -j 514 -N 4 "$1" 2> /dev/null | tr -d ' ') == HdrS ]] ||
		die "$1 is not a bzImage"
	offset=$(($(od -An -tu2 -j 526 -N 2 "$1") + 512))
	tail -c +$((offset + 1)) "$1" | head -c 256 | tr '\0' ' ' |
		{ read -r release _ || true; echo "$release"; }
}

# kernel_resolve NAME|PATH: sets KERNEL_IMAGE, KERNEL_RELEASE, KERNEL_ROOT
# (what has lib/modules/$KERNEL_RELEASE, if anything) and KERNEL_NAME (the
# name of its directory in the build directory).
kernel_resolve()
{
	if [[ $1 != */* ]]; then
		kernel_fetch "$1" || exit
		KERNEL_NAME=$1
		KERNEL_ROOT=$(kernel_dir "$1")
		KERNEL_RELEASE=$(kernel_release "$1")
		KERNEL_IMAGE=$KERNEL_ROOT/boot/vmlinuz-$KERNEL_RELEASE
		return
	fi
	[[ -r $1 ]] || die "cannot read kernel $1"
	KERNEL_IMAGE=$(realpath -- "$1")
	KERNEL_RELEASE=$(kernel_image_release "$KERNEL_IMAGE") || exit
	KERNEL_NAME=$KERNEL_RELEASE
	KERNEL_ROOT=${KERNEL_IMAGE%/*}/..
	[[ -d $KERNEL_ROOT/lib/modules/$KERNEL_RELEASE ]] || KERNEL_ROOT=/
}
