# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The guest's own initramfs: busybox, child/init and its checks with a program of
# theirs, and modules for the devices of mshv-run. The guest's kernel is mostly the
# root's.

readonly CHILD_MODULES="virtio_mmio virtio_blk virtio_rng"

# child_build TARGET: after kernel_resolve
child_build()
{
	local target=$1 root=$1.root module

	fresh "$target" "$MSHV_TOOLS/child/"* "$MSHV_TOOLS/lib/child.sh" \
		"$KERNEL_IMAGE" && return
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,tmp}
	cp "$(initramfs_busybox)" "$root/bin/busybox"
	cp "$MSHV_TOOLS/child/init" "$MSHV_TOOLS/child/checks" "$root/"
	gcc -O2 -Wall -Wextra -Werror -static -o "$root/strings" \
		"$MSHV_TOOLS/child/strings.c" || die "strings does not build"
	for module in $CHILD_MODULES; do
		initramfs_add_module "$root" "$module"
	done | awk '!seen[$0]++' > "$root/modules"
	initramfs_pack "$root" | gzip -1 > "$target.new"
	mv "$target.new" "$target"
	rm -rf "$root"
}

# child_initramfs: prints the path of the guest's initramfs
child_initramfs()
{
	local target=$MSHV_OUT/kernels/$KERNEL_NAME/child.gz

	with_cache_lock child_build "$target" || exit
	echo "$target"
}

# child_program NAME: prints the path of one of child/'s programs for the root
child_program()
{
	local target=$MSHV_OUT/child/$1 source=$MSHV_TOOLS/child/$1.c

	mkdir -p "$MSHV_OUT/child"
	fresh "$target" "$source" ||
		gcc -O2 -Wall -Wextra -Werror -o "$target" "$source" \
			-I "$MSHV_TOP/tools/testing/testhv/include" \
			-I "$MSHV_TOP/include/uapi" -lutil ||
		die "$1 does not build"
	echo "$target"
}
