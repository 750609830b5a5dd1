// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory in ordinary memory of the VMM: anonymous, shared, file or
 * memfd, huge pages or not.
 */
#include <linux/hmm.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "mshv.h"

static void mshv_movable_take(struct mshv_region *region, struct mshv_span *span)
{
	unsigned int i;

	bitmap_zero(span->present, MSHV_CHUNK_PAGES);
	bitmap_zero(span->writable, MSHV_CHUNK_PAGES);

	for (i = 0; i < span->nr; i++) {
		unsigned long pfn = span->hmm[i];

		if (!(pfn & HMM_PFN_VALID) || (pfn & HMM_PFN_ERROR))
			continue;
		__set_bit(i, span->present);
		if ((pfn & HMM_PFN_WRITE) && mshv_region_writable(region))
			__set_bit(i, span->writable);
		span->pfns[i] = pfn & ~HMM_PFN_FLAGS;
	}
}

/* Without any HMM_PFN_REQ_*: a look at the page tables, nothing is faulted. */
static int mshv_movable_lookup(struct mshv_region *region, struct mshv_span *span)
{
	struct mm_struct *mm = region->notifier.mm;
	struct hmm_range range = {
		.notifier = &region->notifier,
		.notifier_seq = span->seq,
		.start = mshv_region_uaddr(region, span->gfn),
		.end = mshv_region_uaddr(region, span->gfn + span->nr),
		.hmm_pfns = span->hmm,
	};
	int ret;

	/* Flags of what is found; since 6.16 the kernel keeps some that are there before. */
	memset(span->hmm, 0, span->nr * sizeof(span->hmm[0]));
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = hmm_range_fault(&range);
	mmap_read_unlock(mm);
	if (ret)
		return ret;

	mshv_movable_take(region, span);
	return 0;
}

const struct mshv_region_kind mshv_region_movable = {
	.vm_flags = 0,
	/* As mainline's driver has it: other parties may restrict it later */
	.map_flags = HVX_MAP_ADJUSTABLE,
	.has_pages = true,
	.lookup = mshv_movable_lookup,
};
