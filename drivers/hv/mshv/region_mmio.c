// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory of the VMM as guest memory: mappings of BARs and the like,
 * VMAs with VM_IO or VM_PFNMAP.
 *
 * Where the mapping points is read from the page tables, page by page: what a
 * driver keeps in vm_pgoff is its own business. A driver that takes the device
 * away zaps the page tables, which the MMU notifier of the region sees, so a
 * revoked BAR is unmapped from the guest as from the VMM. RAM is refused:
 * nothing would keep it from being freed.
 */
#include <linux/ioport.h>
#include <linux/mm.h>

#include "hv_abi.h"
#include "compat.h"
#include "mshv.h"

static bool mshv_pfns_are_ram(u64 pfn, unsigned int nr)
{
	return region_intersects(PFN_PHYS(pfn), PFN_PHYS(nr), IORESOURCE_SYSTEM_RAM,
				 IORES_DESC_NONE) != REGION_DISJOINT;
}

/* Checks for RAM in runs of pages: each check walks the resource tree. */
static int mshv_mmio_check(const struct mshv_span *span)
{
	unsigned int from, to;

	for (from = 0; from < span->nr; from = to) {
		to = from + 1;
		if (!test_bit(from, span->present))
			continue;
		while (to < span->nr && test_bit(to, span->present) &&
		       span->pfns[to] == span->pfns[from] + to - from)
			to++;
		if (mshv_pfns_are_ram(span->pfns[from], to - from))
			return -EINVAL;
	}

	return 0;
}

static int mshv_mmio_lookup(struct mshv_region *region, struct mshv_span *span)
{
	struct mm_struct *mm = region->notifier.mm;
	struct vm_area_struct *vma = NULL;
	unsigned long uaddr, pfn;
	unsigned int i;
	bool writable;

	bitmap_zero(span->present, MSHV_CHUNK_PAGES);
	bitmap_zero(span->writable, MSHV_CHUNK_PAGES);

	if (mmap_read_lock_killable(mm))
		return -EINTR;

	for (i = 0; i < span->nr; i++) {
		uaddr = mshv_region_uaddr(region, span->gfn + i);
		if (!vma || uaddr >= vma->vm_end)
			vma = vma_lookup(mm, uaddr);
		if (!vma || !(vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
		    mshv_follow_pfnmap(vma, uaddr, &pfn, &writable))
			continue;

		span->pfns[i] = pfn;
		__set_bit(i, span->present);
		if (writable && mshv_region_writable(region))
			__set_bit(i, span->writable);
	}

	mmap_read_unlock(mm);
	return mshv_mmio_check(span);
}

const struct mshv_region_kind mshv_region_mmio = {
	.vm_flags = VM_IO | VM_PFNMAP,
	.map_flags = HVX_MAP_NOT_CACHED,
	.has_pages = false,
	.lookup = mshv_mmio_lookup,
};
