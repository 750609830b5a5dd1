/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/testhv_hvcall: raw hypercalls from the root's user space, for tests of the
 * hypervisor. It bypasses every check of the driver and belongs on no machine that
 * does anything else.
 */
#ifndef _TESTHV_HVCALL_H
#define _TESTHV_HVCALL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define TESTHV_HVCALL_DEV	"/dev/testhv_hvcall"

/* struct testhv_hvcall.flags: @in or @out is what goes into the register */
#define TESTHV_HVCALL_RAW_IN	(1U << 0)
#define TESTHV_HVCALL_RAW_OUT	(1U << 1)

/**
 * struct testhv_hvcall - one hypercall
 * @control: control word
 * @in: address of @in_size bytes of input
 * @out: address of @out_size bytes for output
 * @in_size: at most a page; they are copied to @in_offset of a page
 * @out_size: likewise
 * @in_offset: within the page
 * @out_offset: within the page
 * @flags: TESTHV_HVCALL_*
 * @rsvd: must be zero
 * @result: out: result word
 */
struct testhv_hvcall {
	__u64 control;
	__u64 in;
	__u64 out;
	__u32 in_size;
	__u32 out_size;
	__u32 in_offset;
	__u32 out_offset;
	__u32 flags;
	__u32 rsvd;
	__u64 result;
};

/**
 * struct testhv_pages - allocate pages of the root
 * @count: how many; they belong to the file
 * @order: 0, or 9 for 2 MiB blocks
 * @pfns: address of @count page numbers (first ones of blocks) to be filled in
 *
 * Offset pfn << 12 of mmap() maps any page, also one of the hypervisor. On close
 * those that the hypervisor has not given back are leaked.
 */
struct testhv_pages {
	__u32 count;
	__u32 order;
	__u64 pfns;
};

#define TESTHV_HVCALL	_IOWR('T', 0x80, struct testhv_hvcall)
#define TESTHV_PAGES	_IOWR('T', 0x81, struct testhv_pages)

#endif /* _TESTHV_HVCALL_H */
