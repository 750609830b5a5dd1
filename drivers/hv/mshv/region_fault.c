// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping guest memory when the guest touches it.
 *
 * A fault is resolved in rounds. Each looks up what the host has in the 2 MiB
 * around the page, and maps it if the page itself is there; if it is not, it
 * is faulted in on behalf of the guest as on behalf of the VMM. Between the
 * two nothing is held, so a page may be gone again; the MMU notifier's sequence
 * number tells.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>

#include "deposit.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

/*
 * After so many rounds the guest is let go to fault again. That makes no
 * progress either, but it goes through the run loop, which looks at signals.
 */
#define MSHV_FAULT_ROUNDS	16

/* Neighbouring small pages that are faulted in together, a power of 2 */
#define MSHV_FAULT_AROUND	16

/**
 * struct mshv_fault - a fault in guest memory
 * @region: region
 * @gfn: guest page number
 * @write: the page has to be writable
 * @span: room to look up the host's pages
 */
struct mshv_fault {
	struct mshv_region *region;
	u64 gfn;
	bool write;
	struct mshv_span *span;
};

/* The part of the chunk of a page that is in the region. */
static void mshv_fault_set_span(struct mshv_fault *fault)
{
	const struct interval_tree_node *node = &fault->region->node;
	u64 base = ALIGN_DOWN(fault->gfn, MSHV_CHUNK_PAGES);
	u64 first = max_t(u64, base, node->start);
	u64 last = min_t(u64, base + MSHV_CHUNK_PAGES - 1, node->last);

	fault->span->gfn = first;
	fault->span->nr = last - first + 1;
}

static bool mshv_fault_found(const struct mshv_fault *fault)
{
	unsigned int i = fault->gfn - fault->span->gfn;

	return test_bit(i, fault->span->present) &&
	       (!fault->write || test_bit(i, fault->span->writable));
}

/*
 * A read fault in memory that the VMM has not touched would find the zero
 * page, and a second fault would have to follow; worse, the memory would never
 * become huge pages. Where a write would break a sharing (KSM) or is watched by
 * someone (userfaultfd), no write is made up.
 */
static bool mshv_fault_for_write(const struct mshv_fault *fault, struct vm_area_struct *vma)
{
	return fault->write ||
	       (mshv_region_writable(fault->region) &&
		(vma->vm_flags & VM_WRITE) && !(vma->vm_flags & VM_MERGEABLE) &&
		vma_is_anonymous(vma) && !userfaultfd_armed(vma));
}

static bool mshv_fault_allowed(const struct mshv_fault *fault, struct vm_area_struct *vma)
{
	bool device = vma->vm_flags & (VM_IO | VM_PFNMAP);

	return device == !!fault->region->kind->vm_flags && (vma->vm_flags & VM_READ) &&
	       (!fault->write || (vma->vm_flags & VM_WRITE));
}

/*
 * Faults in the small pages around one that was just faulted in, as far as
 * nobody can notice: no copies of files, no messages to a userfaultfd. Errors
 * are nobody's.
 */
static void mshv_fault_around(const struct mshv_fault *fault, struct vm_area_struct *vma,
			      unsigned long uaddr, unsigned int flags)
{
	const struct mshv_region *region = fault->region;
	unsigned long size = MSHV_FAULT_AROUND << PAGE_SHIFT;
	unsigned long start = ALIGN_DOWN(uaddr, size);
	unsigned long end = start + size;
	unsigned long addr;

	if (region->kind->vm_flags || userfaultfd_armed(vma) || is_vm_hugetlb_page(vma) ||
	    ((flags & FAULT_FLAG_WRITE) && !vma_is_anonymous(vma) &&
	     !(vma->vm_flags & VM_SHARED)))
		return;

	start = max3(start, vma->vm_start, region->uaddr);
	end = min3(end, vma->vm_end, mshv_region_uaddr(region, region->node.last) + PAGE_SIZE);
	flags &= FAULT_FLAG_WRITE | FAULT_FLAG_REMOTE;
	for (addr = start; addr < end; addr += PAGE_SIZE)
		if (addr != uaddr && (handle_mm_fault(vma, addr, flags, NULL) & VM_FAULT_ERROR))
			return;
}

/*
 * Faults in the page in the VMM's address space. FAULT_FLAG_REMOTE: it is the
 * guest's access, to which protection keys of the VMM's thread do not apply.
 *
 * Not left to hmm_range_fault(), which can wait for a userfaultfd only in the
 * newest kernels, and not interruptibly.
 */
static int mshv_fault_in(const struct mshv_fault *fault, struct mm_struct *mm)
{
	unsigned long uaddr = mshv_region_uaddr(fault->region, fault->gfn);
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_REMOTE;
	struct vm_area_struct *vma;
	vm_fault_t result;

	for (;;) {
		if (mmap_read_lock_killable(mm))
			return -EINTR;
		vma = vma_lookup(mm, uaddr);
		if (!vma || !mshv_fault_allowed(fault, vma)) {
			mmap_read_unlock(mm);
			return -EFAULT;
		}
		if (mshv_fault_for_write(fault, vma))
			flags |= FAULT_FLAG_WRITE;

		result = handle_mm_fault(vma, uaddr, flags, NULL);
		/* Both: done or not, the lock is dropped */
		if (result & VM_FAULT_COMPLETED)
			return 0;
		if (!(result & VM_FAULT_RETRY))
			break;
		if (signal_pending(current))
			return -EINTR;
		cond_resched();
		flags |= FAULT_FLAG_TRIED;
	}

	if (!(result & VM_FAULT_ERROR))
		mshv_fault_around(fault, vma, uaddr, flags);
	mmap_read_unlock(mm);

	return vm_fault_to_errno(result, 0);
}

/*
 * Maps what was looked up. -EAGAIN: not done, but another round may do it.
 */
static int mshv_fault_map(const struct mshv_fault *fault)
{
	struct mshv_region *region = fault->region;
	struct mshv_chunk *chunk;
	u64 *spare = NULL;
	u16 status = HVX_STATUS_SUCCESS;
	int ret = 0;

	chunk = mshv_chunk_get(region, fault->gfn);
	if (!chunk)
		return -ENOMEM;
	if (!READ_ONCE(chunk->table)) {
		spare = kcalloc(MSHV_CHUNK_PAGES, sizeof(*spare), MSHV_GFP);
		if (!spare)
			return -ENOMEM;
	}

	mutex_lock(&region->lock);
	if (region->dying)
		ret = 0;	/* the guest will find out */
	else if (mmu_interval_read_retry(&region->notifier, fault->span->seq) ||
		 (!chunk->table && !spare))
		ret = -EAGAIN;
	else
		status = mshv_chunk_map(region, chunk, fault->span, fault->gfn, &spare);
	mutex_unlock(&region->lock);

	kfree(spare);
	if (status == HVX_STATUS_SUCCESS)
		return ret;
	if (!mshv_status_wants_memory(status))
		return mshv_status_to_errno(status);

	return mshv_pool_satisfy(region->pt->pool, status) ?: -EAGAIN;
}

static int mshv_fault_round(const struct mshv_fault *fault, struct mm_struct *mm)
{
	struct mshv_region *region = fault->region;
	int ret;

	fault->span->seq = mmu_interval_read_begin(&region->notifier);
	ret = region->kind->lookup(region, fault->span);
	if (ret)
		return ret == -EBUSY ? -EAGAIN : ret;

	if (mshv_fault_found(fault))
		return mshv_fault_map(fault);

	return mshv_fault_in(fault, mm) ?: -EAGAIN;
}

static int mshv_fault_resolve(struct mshv_region *region, u64 gfn, bool write)
{
	struct mm_struct *mm = region->notifier.mm;
	struct mshv_fault fault = { .region = region, .gfn = gfn, .write = write };
	unsigned int round;
	int ret;

	/* A VP's file may outlive the VMM's address space */
	if (!mmget_not_zero(mm))
		return -EFAULT;

	fault.span = kmalloc(sizeof(*fault.span), MSHV_GFP);
	if (!fault.span) {
		mmput(mm);
		return -ENOMEM;
	}
	mshv_fault_set_span(&fault);

	for (round = 0; round < MSHV_FAULT_ROUNDS; round++) {
		ret = mshv_fault_round(&fault, mm);
		if (ret != -EAGAIN)
			break;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}

	kfree(fault.span);
	mmput(mm);
	return ret == -EAGAIN ? 0 : ret;
}

static bool mshv_region_mapped(struct mshv_region *region, u64 gfn)
{
	struct mshv_chunk *chunk = xa_load(&region->chunks, gfn >> MSHV_CHUNK_SHIFT);
	bool mapped;

	mutex_lock(&region->lock);
	mapped = chunk && mshv_chunk_mapped(chunk, gfn);
	mutex_unlock(&region->lock);

	return mapped;
}

static int mshv_region_fault(struct mshv_region *region, u64 gfn, enum mshv_access access)
{
	bool write = access == MSHV_ACCESS_WRITE;
	bool denied = (write && !mshv_region_writable(region)) ||
		      (access == MSHV_ACCESS_EXECUTE && !mshv_region_executable(region));
	int ret;

	/*
	 * What the VMM denied the guest is for the VMM to see, as
	 * HVX_MSG_GPA_INTERCEPT. If the page was not mapped the hypervisor
	 * sent HVX_MSG_UNMAPPED_GPA: map it, and let it send the right one.
	 */
	if (denied) {
		if (mshv_region_mapped(region, gfn))
			return 0;
		write = false;
	}

	ret = mshv_fault_resolve(region, gfn, write);
	switch (ret) {
	case 0:
		return 1;
	case -EINTR:
	case -ENOMEM:
		return ret;
	default:
		/*
		 * The VMM has no such memory, or not so: truncated file,
		 * poisoned page, other protection. It gets the message.
		 */
		return 0;
	}
}

/**
 * mshv_regions_fault() - the guest touched a page that is not mapped, or not
 *			  for this access
 * @pt: partition
 * @gfn: guest page number
 * @access: what it tried
 *
 * To be called for HVX_MSG_UNMAPPED_GPA and HVX_MSG_GPA_INTERCEPT, see
 * region_map.c. May sleep for long: for disks, for a userfaultfd.
 *
 * Return: 1: the guest shall try again; 0: the message is the VMM's;
 * -EINTR: a signal arrived first; -ENOMEM: the host or the cgroup has no
 * memory. After an error too the guest may try again.
 */
int mshv_regions_fault(struct mshv_partition *pt, u64 gfn, enum mshv_access access)
{
	struct mshv_region *region = mshv_region_get(pt, gfn);
	int ret;

	if (!region)
		return 0;

	ret = mshv_region_fault(region, gfn, access);
	trace_mshv_gpa_fault(pt->id, gfn, access, ret);
	mshv_region_put(region);
	return ret;
}
