// SPDX-License-Identifier: GPL-2.0
/*
 * Hypercalls for the guest physical address space of a partition (TLFS 5).
 *
 * They may be made from MMU notifiers, which run in the reclaim path of the
 * host: nothing here sleeps or allocates memory.
 */
#include <linux/minmax.h>

#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

/*
 * One hypercall runs with interrupts off. A list of this many pages is written
 * and mapped in well under 100 us.
 */
#define MSHV_GPA_BATCH	256

static u64 mshv_gpa_stride(bool large)
{
	return large ? HVX_LARGE_PAGE_PFNS : 1;
}

/**
 * mshv_hvcall_map_gpa() - map pages into a partition
 * @pt: partition
 * @gfn: first guest page number
 * @count: number of pages, or of large pages with HVX_MAP_LARGE_PAGE
 * @flags: HVX_MAP_*
 * @pfns: host page number of each (of the first 4 KiB of a large page)
 * @done: out: number of pages that are mapped
 *
 * What is mapped at these guest pages in the same page size is replaced
 * (HvCallMapGpaPages). Any context.
 *
 * Return: HVX_STATUS_*.
 */
u16 mshv_hvcall_map_gpa(struct mshv_partition *pt, u64 gfn, u64 count, u32 flags,
			const u64 *pfns, u64 *done)
{
	u64 stride = mshv_gpa_stride(flags & HVX_MAP_LARGE_PAGE);
	u16 status = HVX_STATUS_SUCCESS;

	for (*done = 0; *done < count && status == HVX_STATUS_SUCCESS;) {
		const struct hvx_in_map_gpa_pages in = {
			.partition_id = pt->id,
			.gpa_base = gfn + *done * stride,
			.flags = flags,
		};
		struct mshv_hvcall call = {
			.code = HVX_CALL_MAP_GPA_PAGES,
			.reps = min_t(u64, count - *done, MSHV_GPA_BATCH),
			.in = &in,
			.in_size = sizeof(in),
			.list = pfns + *done,
			.list_elem = sizeof(*pfns),
			.atomic = true,
		};

		status = mshv_hvcall(&call);
		*done += call.done;
	}

	trace_mshv_gpa_map(pt->id, gfn, count, *done, flags & HVX_MAP_LARGE_PAGE, status);
	return status;
}

/**
 * mshv_hvcall_unmap_gpa() - unmap pages from a partition
 * @pt: partition
 * @gfn: first guest page number
 * @count: number of pages, or of large pages with HVX_UNMAP_LARGE_PAGE
 * @flags: HVX_UNMAP_*: must say in which size the pages were mapped, because
 *	   to split a large page the hypervisor would need memory
 * @done: out: number of pages that are unmapped
 *
 * When the call returns, the hypervisor has flushed the guest's TLBs
 * (HvCallUnmapGpaPages). Any context.
 *
 * Return: HVX_STATUS_*.
 */
u16 mshv_hvcall_unmap_gpa(struct mshv_partition *pt, u64 gfn, u64 count, u32 flags,
			  u64 *done)
{
	u64 stride = mshv_gpa_stride(flags & HVX_UNMAP_LARGE_PAGE);
	u16 status = HVX_STATUS_SUCCESS;

	for (*done = 0; *done < count && status == HVX_STATUS_SUCCESS;) {
		const struct hvx_in_unmap_gpa_pages in = {
			.partition_id = pt->id,
			.gpa_base = gfn + *done * stride,
			.flags = flags,
		};
		struct mshv_hvcall call = {
			.code = HVX_CALL_UNMAP_GPA_PAGES,
			.reps = min_t(u64, count - *done, HVX_UNMAP_GPA_MAX_REPS),
			.in = &in,
			.in_size = sizeof(in),
			.atomic = true,
		};

		status = mshv_hvcall(&call);
		*done += call.done;
	}

	trace_mshv_gpa_unmap(pt->id, gfn, count, *done, flags & HVX_UNMAP_LARGE_PAGE, status);
	return status;
}
