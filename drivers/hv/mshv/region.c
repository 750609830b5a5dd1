// SPDX-License-Identifier: GPL-2.0
/*
 * The memory regions of a partition: setting, removing and finding them.
 *
 * All memory is movable. Nothing that this driver offers needs pinned guest
 * memory (that would be isolated partitions and assigned devices), so nothing
 * is to be charged against RLIMIT_MEMLOCK either: what the guest uses is
 * memory of the VMM, accounted and limited as such.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/util_macros.h>

#include "arch.h"
#include "hvcall.h"
#include "mshv.h"
#include "trace.h"

/**
 * mshv_regions_init() - a partition without memory
 * @pt: new partition
 */
void mshv_regions_init(struct mshv_partition *pt)
{
	pt->regions.tree = RB_ROOT_CACHED;
	spin_lock_init(&pt->regions.lock);
	pt->regions.count = 0;
	pt->regions.gfn_limit = 0;
	INIT_LIST_HEAD(&pt->regions.kept);
}

/**
 * mshv_region_get() - find the region of a guest page
 * @pt: partition
 * @gfn: guest page number
 *
 * Return: a reference to the region, or NULL.
 */
struct mshv_region *mshv_region_get(struct mshv_partition *pt, u64 gfn)
{
	struct mshv_region *region = NULL;
	struct interval_tree_node *node;

	spin_lock(&pt->regions.lock);
	node = interval_tree_iter_first(&pt->regions.tree, gfn, gfn);
	if (node) {
		region = container_of(node, struct mshv_region, node);
		kref_get(&region->refs);
	}
	spin_unlock(&pt->regions.lock);

	return region;
}

static void mshv_region_unhook(struct mshv_region *region)
{
	if (region->hooked)
		mmu_interval_notifier_remove(&region->notifier);
	region->hooked = false;
}

static void mshv_region_release(struct kref *refs)
{
	struct mshv_region *region = container_of(refs, struct mshv_region, refs);

	mshv_region_unhook(region);
	mshv_region_drop_record(region, false);
	mutex_destroy(&region->lock);
	kfree(region);
}

/**
 * mshv_region_put() - drop a reference
 * @region: region
 *
 * The last reference frees the region, of which nothing is mapped by then.
 * May sleep; the caller holds no lock that an MMU notifier takes.
 */
void mshv_region_put(struct mshv_region *region)
{
	kref_put(&region->refs, mshv_region_release);
}

/*
 * The first guest page number that cannot be addressed. The hypervisor knows
 * best, as it may have been told to present narrower addresses to the guest.
 */
static u64 mshv_gfn_limit(struct mshv_partition *pt)
{
	u64 width;

	if (pt->regions.gfn_limit)
		return pt->regions.gfn_limit;

	if (mshv_hvcall_get_property(pt->pool, pt->id, HVX_PROP_PHYSICAL_ADDRESS_WIDTH, &width) ||
	    width < 32 || width > 52)
		width = mshv_arch_address_width();
	pt->regions.gfn_limit = 1ULL << (width - HVX_PAGE_SHIFT);

	return pt->regions.gfn_limit;
}

/*
 * The kind of memory of the VMAs that cover an address range. They must do so
 * without a hole and all be of one kind.
 */
static const struct mshv_region_kind *
mshv_region_kind_of(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	const struct mshv_region_kind *kind = NULL;
	unsigned long addr = start;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);

	while (addr < end) {
		const struct mshv_region_kind *this = &mshv_region_movable;
		struct vm_area_struct *vma = vma_lookup(mm, addr);

		if (vma && (vma->vm_flags & (VM_IO | VM_PFNMAP)))
			this = PTR_IF(IS_ENABLED(CONFIG_MSHV_MMIO), &mshv_region_mmio);
		if (!vma || !this || (kind && kind != this)) {
			kind = ERR_PTR(-EINVAL);
			break;
		}
		kind = this;
		addr = vma->vm_end;
	}

	mmap_read_unlock(mm);
	return kind;
}

/*
 * Only device memory can be checked beforehand; the pages that are not there
 * yet are checked again when the guest touches them.
 */
static int mshv_region_check_pages(struct mshv_region *region)
{
	u64 gfn = region->node.start;
	struct mshv_span *span;
	int ret = 0;

	if (region->kind->has_pages)
		return 0;

	span = kmalloc(sizeof(*span), MSHV_GFP);
	if (!span)
		return -ENOMEM;

	while (gfn <= region->node.last) {
		span->gfn = gfn;
		span->nr = min_t(u64, region->node.last - gfn + 1, MSHV_CHUNK_PAGES);
		ret = region->kind->lookup(region, span);
		if (ret)
			break;
		gfn += span->nr;
		cond_resched();
	}

	kfree(span);
	return ret;
}

static struct mshv_region *mshv_region_create(struct mshv_partition *pt,
					      const struct mshv_user_mem_region *arg)
{
	const struct mshv_region_kind *kind;
	struct mshv_region *region;
	int ret;

	kind = mshv_region_kind_of(current->mm, arg->userspace_addr,
				   arg->userspace_addr + arg->size);
	if (IS_ERR(kind))
		return ERR_CAST(kind);

	region = kzalloc(sizeof(*region), MSHV_GFP);
	if (!region)
		return ERR_PTR(-ENOMEM);

	region->node.start = arg->guest_pfn;
	region->node.last = arg->guest_pfn + (arg->size >> HVX_PAGE_SHIFT) - 1;
	region->pt = pt;
	region->kind = kind;
	region->uaddr = arg->userspace_addr;
	region->flags = arg->flags;
	kref_init(&region->refs);
	mutex_init(&region->lock);
	xa_init_flags(&region->chunks, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&region->link);

	/* The notifier may be called before this returns */
	ret = mmu_interval_notifier_insert(&region->notifier, current->mm, region->uaddr,
					   arg->size, &mshv_region_notifier_ops);
	if (ret)
		goto err_put;
	region->hooked = true;

	ret = mshv_region_check_pages(region);
	if (ret)
		goto err_put;

	return region;

err_put:
	mshv_region_put(region);
	/*
	 * The first notifier of an address space cannot be set up while a
	 * signal is pending. Callers need not know.
	 */
	if (ret == -EINTR && signal_pending(current))
		ret = -ERESTARTNOINTR;
	return ERR_PTR(ret);
}

static int mshv_region_add(struct mshv_partition *pt, const struct mshv_user_mem_region *arg)
{
	struct mshv_regions *regions = &pt->regions;
	u64 nr = arg->size >> HVX_PAGE_SHIFT;
	u64 limit = mshv_gfn_limit(pt);
	struct mshv_region *region;

	if (arg->guest_pfn >= limit || nr > limit - arg->guest_pfn)
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(arg->userspace_addr), arg->size))
		return -EINVAL;
	if (interval_tree_iter_first(&regions->tree, arg->guest_pfn, arg->guest_pfn + nr - 1))
		return -EEXIST;
	if (regions->count >= MSHV_MAX_REGIONS)
		return -ENOSPC;

	region = mshv_region_create(pt, arg);
	if (IS_ERR(region))
		return PTR_ERR(region);

	spin_lock(&regions->lock);
	interval_tree_insert(&region->node, &regions->tree);
	spin_unlock(&regions->lock);
	regions->count++;

	return 0;
}

/*
 * A fault that is being handled may hold a reference beyond the return of this
 * function, but once "dying" is set it maps nothing. It is not waited for: it
 * may be waiting, in turn, for the thread that removes the region
 * (userfaultfd).
 */
static int mshv_region_remove(struct mshv_partition *pt, const struct mshv_user_mem_region *arg)
{
	struct mshv_regions *regions = &pt->regions;
	struct interval_tree_node *node;
	struct mshv_region *region;
	int ret;

	node = interval_tree_iter_first(&regions->tree, arg->guest_pfn, arg->guest_pfn);
	if (!node)
		return -ENOENT;

	region = container_of(node, struct mshv_region, node);
	if (node->start != arg->guest_pfn || region->uaddr != arg->userspace_addr ||
	    node->last - node->start != (arg->size >> HVX_PAGE_SHIFT) - 1)
		return -EINVAL;

	mutex_lock(&region->lock);
	region->dying = true;
	ret = mshv_region_zap(region, false);
	if (ret)
		region->dying = false;
	mutex_unlock(&region->lock);
	if (ret)
		return ret;

	spin_lock(&regions->lock);
	interval_tree_remove(node, &regions->tree);
	spin_unlock(&regions->lock);
	regions->count--;
	mshv_region_put(region);

	return 0;
}

/**
 * mshv_regions_set() - MSHV_SET_GUEST_MEMORY
 * @pt: partition; the caller holds its mutex
 * @arg: kernel copy of the argument
 *
 * Setting a region takes time and memory that do not depend on its size,
 * except that the VMAs below it are looked at, and the page tables below
 * device memory. After a region was removed the guest cannot reach its pages
 * any more, whatever its VPs were doing. If removing fails, the region is
 * still there and works.
 *
 * Context: the process that created the partition.
 * Return: 0, or
 * -EINVAL: bad size, address, flag or reserved field; guest pages beyond the
 *	guest's physical addresses; host addresses not all mapped, or partly
 *	device and partly ordinary memory, or device memory that is RAM; to
 *	remove: not exactly what was set
 * -EEXIST: overlaps a region of the partition
 * -ENOENT: to remove: no region at this guest page
 * -ENOSPC: MSHV_MAX_REGIONS
 * -ENOMEM: no memory for the region itself
 * -EINTR: fatal signal
 * others: the hypervisor refused to unmap, as in mshv_status_to_errno()
 */
int mshv_regions_set(struct mshv_partition *pt, const struct mshv_user_mem_region *arg)
{
	int ret;

	if (!arg->size || !IS_ALIGNED(arg->size, HVX_PAGE_SIZE) ||
	    !IS_ALIGNED(arg->userspace_addr, HVX_PAGE_SIZE) ||
	    (arg->flags & ~MSHV_SET_MEM_FLAGS_MASK) ||
	    memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)))
		return -EINVAL;

	if (arg->flags & BIT(MSHV_SET_MEM_BIT_UNMAP))
		ret = mshv_region_remove(pt, arg);
	else
		ret = mshv_region_add(pt, arg);

	trace_mshv_region(pt->id, arg->guest_pfn, arg->size >> HVX_PAGE_SHIFT, arg->flags, ret);
	return ret;
}

/**
 * mshv_regions_destroy() - take all memory away from a partition
 * @pt: partition without VPs that is not finalized yet
 *
 * Pages that the hypervisor does not let go stay referenced until
 * mshv_regions_forget(). May sleep.
 */
void mshv_regions_destroy(struct mshv_partition *pt)
{
	struct mshv_regions *regions = &pt->regions;
	struct interval_tree_node *node;
	struct mshv_region *region;

	while ((node = interval_tree_iter_first(&regions->tree, 0, ULONG_MAX))) {
		region = container_of(node, struct mshv_region, node);

		mutex_lock(&region->lock);
		region->dying = true;
		mshv_region_zap(region, true);
		mutex_unlock(&region->lock);

		interval_tree_remove(node, &regions->tree);
		regions->count--;
		if (region->nr_kept) {
			mshv_region_unhook(region);
			list_add(&region->link, &regions->kept);
		} else {
			mshv_region_put(region);
		}
		cond_resched();
	}
}

/**
 * mshv_regions_forget() - after mshv_regions_destroy(), for what it kept
 * @pt: partition that is finalized
 * @deleted: the hypervisor deleted it, and so its mappings
 *
 * If the partition could not be deleted, the pages are never used again.
 */
void mshv_regions_forget(struct mshv_partition *pt, bool deleted)
{
	struct mshv_region *region, *next;
	unsigned long lost = 0;

	list_for_each_entry_safe(region, next, &pt->regions.kept, link) {
		list_del(&region->link);
		lost += mshv_region_drop_record(region, deleted);
		mshv_region_put(region);
	}

	if (lost)
		dev_err_ratelimited(mshv_dev, "partition %llu: %lu pages of guest memory are lost\n",
				    pt->id, lost);
}
