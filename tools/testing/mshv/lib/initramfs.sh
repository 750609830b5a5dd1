# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The initramfs: a base per kernel (busybox, init, agent, a few of the
# kernel's modules), kept, and an overlay per run (program, files, mshv.ko).
# The kernel unpacks one behind the other.

# Modules of the kernel that tests and VMMs load; those not there are left out.
readonly BASE_MODULES="hv_vmbus msr cpuid tun"

# initramfs_pack DIR: a cpio archive of DIR's content on stdout
initramfs_pack()
{
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0)
}

initramfs_busybox()
{
	local dir=$MSHV_OUT/busybox path

	for path in bin/busybox usr/bin/busybox; do
		[[ ! -e $dir/$path ]] || break
	done
	if [[ ! -e $dir/$path ]]; then
		deb_unpack "$dir" busybox-static >&2 || exit "$EXIT_TOOL"
		initramfs_busybox
		return
	fi
	echo "$dir/$path"
}

# initramfs_add_module ROOT NAME: with what it depends on; prints NAME's
# modules in the order of loading, or nothing if the kernel has none such.
initramfs_add_module()
{
	local verb file target

	PATH=$PATH:/usr/sbin:/sbin modprobe -S "$KERNEL_RELEASE" \
		-d "$KERNEL_ROOT" --show-depends "$2" 2> /dev/null |
		while read -r verb file _; do
			[[ $verb == insmod ]] || continue
			target=${file#"$KERNEL_ROOT"}
			target=${target#/usr}
			target=/${target#/}
			mkdir -p "$1${target%/*}"
			case $file in
			*.xz)	xz -dc "$file" > "$1${target%.xz}" ;;
			*)	cp "$file" "$1$target" ;;
			esac
			echo "${target%.xz}"
		done
}

initramfs_build_base()
{
	local base=$1 root=$1.root busybox module modules

	fresh "$base" "$MSHV_TOOLS/guest/"* "$MSHV_TOOLS/lib/initramfs.sh" \
		"$KERNEL_IMAGE" && return
	busybox=$(initramfs_busybox) || exit
	rm -rf "$root"
	collect_layout "$root"
	mkdir -p "$root"/{dev,proc,sys,run,tmp,root,etc,mshv/bin}
	chmod 1777 "$root/tmp"
	cp "$busybox" "$root/mshv/busybox"
	"$busybox" --list | while read -r module; do
		ln -s ../busybox "$root/mshv/bin/$module"
	done
	ln -s ../../mshv/busybox "$root/usr/bin/sh"
	cp "$MSHV_TOOLS/guest/init" "$root/init"
	cp "$MSHV_TOOLS/guest/leaks" "$root/mshv/leaks"
	gcc -O2 -Wall -Wextra -Werror -static -o "$root/mshv/agent" \
		"$MSHV_TOOLS/guest/agent.c" || die "the agent does not build"
	cp /etc/ld.so.cache "$root/etc/" 2> /dev/null || true
	printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
	printf 'root:x:0:\n' > "$root/etc/group"
	printf '127.0.0.1 localhost\n' > "$root/etc/hosts"
	modules=$root/lib/modules/$KERNEL_RELEASE
	mkdir -p "$modules"
	for module in $BASE_MODULES; do
		initramfs_add_module "$root" "$module" > /dev/null
	done
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$root" "$KERNEL_RELEASE" \
		2> /dev/null
	initramfs_pack "$root" | gzip -1 > "$base.new"
	# The kernel looks for the next archive at a multiple of four bytes.
	truncate --size %4 "$base.new"
	mv "$base.new" "$base"
	rm -rf "$root"
}

# initramfs_base: prints the base archive of the resolved kernel
initramfs_base()
{
	local dir=$MSHV_OUT/kernels/$KERNEL_NAME

	mkdir -p "$dir"
	with_cache_lock initramfs_build_base "$dir/initramfs.gz" || exit
	echo "$dir/initramfs.gz"
}
